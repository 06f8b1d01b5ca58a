"""The error tree and the one way its messages are made."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jukebox_edu import errors

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.JukeboxError) and kind is not errors.JukeboxError
]


def test_there_are_all_kinds_of_errors() -> None:
    names = {kind.__name__ for kind in KINDS}
    assert {"ConfigError", "ShapeError", "AudioError", "LyricsError", "CheckpointError",
            "RunError", "MissingPackageError"} <= names  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_also_what_a_python_programmer_expects(kind: type) -> None:
    assert issubclass(kind, ValueError | OSError | ImportError)
    with pytest.raises(errors.JukeboxError, match="^what happened$"):
        raise kind("what happened")


def test_a_message_names_argument_value_allowed_and_advice() -> None:
    message = errors.must("seconds", -1, "a positive number", "Try 10.")
    assert message == "seconds=-1: must be a positive number. Try 10."
    assert errors.must("seconds", -1, "a positive number") == message.removesuffix(" Try 10.")


@given(st.text(max_size=300))
def test_a_message_is_one_line_and_short_whatever_was_given(value: str) -> None:
    message = errors.must("lyrics", value, "text")
    assert "\n" not in message and len(message) <= len("lyrics=: must be text.") + 80
    if len(repr(value)) <= 80:
        assert repr(value) in message
