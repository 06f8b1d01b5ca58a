"""The command `jukebox-edu`: what the library does, from a terminal.

What
    demo, sample          sing a song                                     singing.py
    encode, decode        sound to codes and back                         coding.py
    page, gallery         songs as documents                              showing.py
    align                 when each word is sung                          aligning.py
    doctor, models        what is here                                    looking.py
    evaluate              measure a model                                 evaluating.py
    prepare               songs made ready for training                   preparing.py
    train                 a codec, priors, a model of both                training.py
    download              released models         jukebox_edu/checkpoints/commands.py
    convert               between formats         jukebox_edu/checkpoints/convert_command.py

    An error is one line and exit code 2, Ctrl-C is exit code 130; a traceback is shown only when
    the environment variable JUKEBOX_EDU_DEBUG is set.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, TextIO

from jukebox_edu.errors import JukeboxError

DEBUG_VARIABLE = "JUKEBOX_EDU_DEBUG"  # set to anything but "": show tracebacks
OK, FAILED, WRONG, STOPPED = 0, 1, 2, 130  # exit codes


def build_parser(first: str = "") -> argparse.ArgumentParser:
    """All commands with their options; those of `download` and `convert` only if they come first.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.cli import (
        aligning,
        coding,
        evaluating,
        looking,
        preparing,
        showing,
        singing,
        training,
    )

    parser = argparse.ArgumentParser(
        prog="jukebox-edu", description="Lyrics and style in, a sung song out."
    )
    parser.add_argument("--version", action="store_true", help="show the version and leave")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for room in (singing, coding, showing, aligning, looking, evaluating, preparing, training):
        room.add_commands(commands)
    if first == "download":  # its options need the catalogue of released models, and torch
        from jukebox_edu.checkpoints.commands import add_download_command

        add_download_command(commands)
    else:
        commands.add_parser("download", help="fetch the files of a released model")
    if first == "convert":
        from jukebox_edu.checkpoints.convert_command import add_convert_command

        add_convert_command(commands)
    else:
        commands.add_parser("convert", help="turn a model from one format into another")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    words = sys.argv[1:] if argv is None else list(argv)
    parser = build_parser(words[0] if words else "")
    try:
        arguments = parser.parse_args(words)
    except SystemExit as leaving:  # argparse has said why
        return int(leaving.code or 0)
    if arguments.version:
        from jukebox_edu import __version__

        print(f"jukebox-edu {__version__}")
        return OK
    if arguments.command is None:
        parser.print_help()
        return OK
    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)  # a note, not the end
        warnings.showwarning = _show_warning
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    """Run a command; every way it can end becomes an exit code."""
    try:
        if hasattr(arguments, "handler"):  # a command that counts its own exit codes
            return arguments.handler(arguments)
        arguments.run(arguments)
        sys.stdout.flush()
        return OK
    except KeyboardInterrupt:
        _say(getattr(arguments, "if_stopped", None) or "Stopped.")
        return STOPPED
    except BrokenPipeError:  # `jukebox-edu models | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except JukeboxError as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _say(str(error))
        return WRONG
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _say(f"{type(error).__name__}: {error} (a bug? {DEBUG_VARIABLE}=1 shows where)")
        return FAILED


def _say(text: str) -> None:
    """One line on standard error, whatever the text holds and the terminal can show."""
    line = "jukebox-edu: " + " ".join(str(text).split())
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    print(line.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: Any = None,
) -> None:
    _say(f"note: {message}")
