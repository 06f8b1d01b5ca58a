"""A run that is killed goes on as if nothing had happened: same log, same weights."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from jukebox_edu.errors import RunError
from jukebox_edu.training.run import read_log
from jukebox_edu.training.state import newest_state, read_state, state_files

TOY = Path(__file__).with_name("toy_training.py")
_spec = importlib.util.spec_from_file_location("toy_training", TOY)
toy = importlib.util.module_from_spec(_spec)
sys.modules["toy_training"] = toy
_spec.loader.exec_module(toy)

LOOPS = {"codec": toy.train_codec, "prior": toy.train_toy_prior}


class Stop(Exception):
    """Ends a run from inside."""


def stopper(at: int):
    """A spectator that ends the run at the row of a step."""

    def watch(row):
        if row["step"] >= at:
            raise Stop

    return watch


def without_seconds(rows):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


def assert_same_run(folder, model, folder_2, model_2):
    assert without_seconds(read_log(folder)) == without_seconds(read_log(folder_2))
    pairs = zip(model.named_parameters(), model_2.named_parameters(), strict=True)
    for (name, a), (_, b) in pairs:
        assert torch.equal(a, b), name
    for (name, a), (_, b) in zip(model.named_buffers(), model_2.named_buffers(), strict=True):
        assert torch.equal(a, b), name
    one, other = newest_state(folder), newest_state(folder_2)
    assert set(one.tensors) == set(other.tensors)
    for name, tensor in one.tensors.items():
        assert torch.equal(tensor, other.tensors[name]), name
    numbers = [{k: v for k, v in s.numbers.items() if k != "seconds"} for s in (one, other)]
    assert numbers[0] == numbers[1]


@pytest.fixture(scope="module", params=list(LOOPS))
def undisturbed(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    model, result = LOOPS[request.param](folder, 13)
    return request.param, folder, model, result


def test_a_folder_changes_nothing(undisturbed):
    """What is trained does not depend on whether states are saved and when rows are written."""
    what, _, model, _ = undisturbed
    again, _ = LOOPS[what](None, 13, log_every=4, evaluate_every=0)
    for (name, a), (_, b) in zip(model.named_parameters(), again.named_parameters(), strict=True):
        assert torch.equal(a, b), name


@pytest.mark.parametrize("stops", [(13,), (3, 7, 7, 12)])
def test_stopped_and_resumed_is_the_same_run(undisturbed, tmp_path, stops):
    what, folder, model, _ = undisturbed
    for at in stops:
        with pytest.raises(Stop):
            LOOPS[what](tmp_path, 13, watch=stopper(at))
    again, result = LOOPS[what](tmp_path, 13)
    assert result.steps == 13
    assert_same_run(folder, model, tmp_path, again)


def test_killed_and_resumed_is_the_same_run(undisturbed, tmp_path):
    """A real process, a real SIGKILL, at steps that differ from test to test."""
    what, folder, model, _ = undisturbed
    draw = random.Random(os.getpid())
    for _ in range(1):
        command = [sys.executable, str(TOY), what, str(tmp_path), "13"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if int(line) >= draw.randint(1, 12):
                break
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait()
        process.stdout.close()
    again, _ = LOOPS[what](tmp_path, 13)
    assert_same_run(folder, model, tmp_path, again)


def test_a_finished_run_is_only_read(undisturbed):
    what, folder, model, result = undisturbed
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("state-*")}
    again, second = LOOPS[what](folder, 13)
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("state-*")} == before
    assert without_seconds(second.rows) == without_seconds(result.rows)
    for (name, a), (_, b) in zip(model.named_parameters(), again.named_parameters(), strict=True):
        assert torch.equal(a, b), name


def test_two_states_are_kept_and_the_older_serves_if_the_newer_is_damaged(tmp_path):
    reference, _ = toy.train_toy_prior(tmp_path / "a", 8)
    with pytest.raises(Stop):
        toy.train_toy_prior(tmp_path / "b", 8, watch=stopper(6))
    names = [path.name for path in state_files(tmp_path / "b")]
    assert names == ["state-00000004.safetensors", "state-00000002.safetensors"]
    newest = state_files(tmp_path / "b")[0]
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])
    with pytest.raises(RunError, match="is damaged"):
        read_state(newest)
    assert newest_state(tmp_path / "b").step == 2
    again, _ = toy.train_toy_prior(tmp_path / "b", 8)
    assert_same_run(tmp_path / "a", reference, tmp_path / "b", again)


def test_a_torn_row_and_leftovers_do_no_harm(tmp_path):
    reference, _ = toy.train_toy_prior(tmp_path / "a", 6)
    with pytest.raises(Stop):
        toy.train_toy_prior(tmp_path / "b", 6, watch=stopper(3))
    with open(tmp_path / "b" / "log.jsonl", "ab") as file:
        file.write(b'{"run": "prior-1", "step": 3, "na')
    left = tmp_path / "b" / ".state-00000004.safetensors.12345678.part"
    left.write_bytes(b"half")
    again, _ = toy.train_toy_prior(tmp_path / "b", 6)
    assert not left.exists()
    assert_same_run(tmp_path / "a", reference, tmp_path / "b", again)


def test_ctrl_c_saves_at_the_end_of_the_step(tmp_path):
    reference, _ = toy.train_toy_prior(tmp_path / "a", 9)

    def interrupt(row):
        if row["step"] == 6:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        toy.train_toy_prior(tmp_path / "b", 9, watch=interrupt, save_every=100)
    assert newest_state(tmp_path / "b").step == 6
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again, _ = toy.train_toy_prior(tmp_path / "b", 9)
    assert_same_run(tmp_path / "a", reference, tmp_path / "b", again)


def test_the_codebook_averages_are_part_of_the_state(tmp_path):
    model, _ = toy.train_codec(tmp_path, 4)
    state = newest_state(tmp_path)
    book = model.bottleneck.codebooks[0]
    assert torch.equal(state.tensors["model.bottleneck.codebooks.0.ema_sums"], book.ema_sums)
    assert float(book.ema_counts.sum()) > 0
    assert np.isfinite(state.tensors["model.bottleneck.codebooks.0.vectors"].numpy()).all()
