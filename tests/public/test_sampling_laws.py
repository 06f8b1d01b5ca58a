"""Songs repeat: by seed, by batch, after interruptions, however they are asked for."""

from __future__ import annotations

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
from jukebox_edu.model import parts
from jukebox_edu.sampling import SamplingOptions
from jukebox_edu.transformer import one_by_one
from jukebox_edu.transformer.stack import quick_gelu

WORDS = {"lyrics": "la la love", "artist": "Ada", "genre": "waltz"}
QUIET = {"progress": False}
SONG = {**WORDS, **QUIET, "seconds": 0.96}


def same(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.codes, b.codes, strict=True))


@pytest.fixture(scope="module")
def batch(model):
    return model.sample(**SONG, n_samples=3, seed=5)


@pytest.fixture(scope="module")
def undisturbed(model):
    return model.sample(**SONG, n_samples=2, seed=9)


def test_equal_seeds_give_equal_songs_and_others_other_ones(model, batch):
    assert same(model.sample(**SONG, n_samples=3, seed=5), batch)
    other = model.sample(**SONG, n_samples=3, seed=6)
    assert all((x != y).float().mean() > 0.2 for x, y in zip(other.codes, batch.codes, strict=True))


def test_samples_of_a_batch_differ(batch):
    for codes in batch.codes:
        assert (codes[0] != codes[1]).any() and (codes[1] != codes[2]).any()


def test_a_sample_does_not_depend_on_its_batch(model, batch):
    alone = model.sample(**SONG, seed=5)
    assert same(alone, batch.take(0))


def test_every_level_follows_the_one_above_and_the_labels(model, batch):
    """Conditioning reaches every level: other words or names give other codes."""
    for change in ({"lyrics": "no"}, {"artist": "Ben"}, {"genre": "blues"}):
        changed = model.sample(**{**SONG, **change}, n_samples=3, seed=5)
        assert (changed.codes[2] != batch.codes[2]).any(), change
        assert (changed.codes[0] != batch.codes[0]).any(), change


def test_one_text_per_sample(model, batch):
    texts = ["la la love", "other words", ""]
    mixed = model.sample(**{**SONG, "lyrics": texts}, seed=5)  # the batch is as long as the list
    assert mixed.n_samples == 3 and mixed.labels.lyrics == tuple(texts)
    assert same(mixed.take(0), batch.take(0))
    assert not same(mixed.take(1), batch.take(1))


@pytest.mark.parametrize("options", [{"top_k": 3}, {"top_p": 0.7}, {"temperature": 0.7}])
def test_options_change_the_song_and_not_its_length(model, batch, options):
    song = model.sample(**SONG, n_samples=3, seed=5, options=SamplingOptions(**options))
    assert [c.shape for c in song.codes] == [c.shape for c in batch.codes]
    assert not same(song, batch)


def test_with_top_k_1_the_seed_does_not_matter(model):
    options = SamplingOptions(top_k=1)
    songs = [model.sample(**SONG, seed=seed, options=options) for seed in (1, 2)]
    assert same(*songs)


def test_guidance_of_one_is_none_and_more_changes_the_top(model, batch):
    one = model.sample(**SONG, n_samples=3, seed=5, options=SamplingOptions(guidance=1))
    assert same(one, batch)
    strong = model.sample(**SONG, n_samples=3, seed=5, options=SamplingOptions(guidance=4.0))
    assert (strong.codes[2] != batch.codes[2]).any()


# ---- streams ----------------------------------------------------------------------------------


def test_a_stream_gives_the_song_piece_by_piece(model, batch, monkeypatch):
    monkeypatch.setattr(parts, "PART_SECONDS", 0.25)
    stream = model.stream(**SONG, n_samples=3, seed=5)
    found = list(stream)
    assert same(stream.song, batch)
    for level in range(3):
        mine = [part for part in found if part.level == level]
        assert len(mine) > 2
        assert torch.equal(torch.cat([part.codes for part in mine], dim=1), batch.codes[level])
        hop = model.hop_lengths[level]
        for part in mine:
            assert part.start == part.position * hop / model.sample_rate
            assert part.audio.shape == (3, part.codes.shape[1] * hop)
            assert part.audio.dtype == np.float32 and np.abs(part.audio).max() <= 1
    assert [part.level for part in found] == sorted((p.level for p in found), reverse=True)


def test_previews_are_the_song_but_for_the_last_moments_of_each(model, batch, monkeypatch):
    """What lacks right context differs, and only that."""
    monkeypatch.setattr(parts, "PART_SECONDS", 0.48)
    for part in model.stream(**SONG, n_samples=3, seed=5):
        reach = model.vqvae.decoders[part.level].reach * model.hop_lengths[part.level]
        whole = model.decode(batch.codes, part.level).clamp(-1, 1).numpy()
        begin = part.position * model.hop_lengths[part.level]
        there = whole[:, begin : begin + part.audio.shape[1]]
        sure = max(0, part.audio.shape[1] - reach)
        np.testing.assert_allclose(part.audio[:, :sure], there[:, :sure], atol=1e-5)


def test_a_stream_can_be_used_in_a_generator(model, batch):
    def wrapped():
        return (yield from model.stream(**SONG, n_samples=3, seed=5))

    generator = wrapped()
    with pytest.raises(StopIteration) as end:
        while True:
            next(generator)
    assert same(end.value.value, batch)


# ---- interruptions ----------------------------------------------------------------------------


def finish(model, out, **changes):
    return model.sample(**{**SONG, "n_samples": 2, "seed": 9, "out": out, **changes})


@pytest.mark.parametrize("seed", range(4))
def test_closed_at_random_parts_and_resumed(model, undisturbed, tmp_path, monkeypatch, seed):
    """Six interruptions of one run, and the codes are those of an undisturbed one."""
    monkeypatch.setattr(parts, "PART_SECONDS", 0.05)
    rng = random.Random(seed)
    for _ in range(6):
        stream = model.stream(**SONG, n_samples=2, seed=9, out=tmp_path)
        n_parts = 0
        stop = rng.randrange(1, 60)
        for _part in stream:
            n_parts += 1
            if n_parts == stop:
                break
        stream.close()
    assert same(finish(model, tmp_path), undisturbed)


@pytest.mark.parametrize("way", ["modules", "flat"])
@pytest.mark.parametrize("seed", range(6))
def test_interrupted_inside_a_step_and_resumed(
    model, undisturbed, tmp_path, seed, way, monkeypatch
):
    """Ctrl-C at a random moment inside the Transformer, in both ways to write one position."""
    rng, calls = random.Random(seed), [0]
    stop = rng.randrange(2, 150)

    def interrupt(*_):
        calls[0] += 1
        if calls[0] == stop:
            raise KeyboardInterrupt

    def interrupted_gelu(x):
        interrupt()
        return quick_gelu(x)

    hooks = []
    if way == "flat":
        monkeypatch.setattr(one_by_one, "quick_gelu", interrupted_gelu)
    else:
        for prior in model.priors:
            up = prior.music.transformer.layers[0].mlp.up
            hooks.append(up.register_forward_hook(interrupt))
    try:
        with pytest.raises(KeyboardInterrupt):
            finish(model, tmp_path)
    finally:
        monkeypatch.undo()
        for hook in hooks:
            hook.remove()
    drawn = sum(path.stat().st_size for path in tmp_path.glob("tokens_*.log"))
    whole = len(list(tmp_path.glob("codes_*.npy")))
    assert drawn or whole  # what was drawn is there
    assert same(finish(model, tmp_path), undisturbed)


@pytest.mark.parametrize("seed", range(10))
def test_a_log_torn_anywhere_is_resumed(model, undisturbed, tmp_path, seed, monkeypatch):
    monkeypatch.setattr(parts, "PART_SECONDS", 0.05)
    rng = random.Random(seed)
    stream = model.stream(**SONG, n_samples=2, seed=9, out=tmp_path)
    for _ in range(rng.randrange(3, 50)):
        next(stream)
    stream.close()
    for log in tmp_path.glob("tokens_*.log"):
        os.truncate(log, rng.randrange(log.stat().st_size + 1))
    assert same(finish(model, tmp_path), undisturbed)


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(1)
from tiny_models import tiny_model
from jukebox_edu.model import parts
parts.PART_SECONDS = 0.05
words = {"lyrics": "la la love", "artist": "Ada", "genre": "waltz"}
stream = tiny_model().stream(**words, seconds=0.96, n_samples=2, seed=9, out=sys.argv[2],
                             progress=False)
for number, part in enumerate(stream):
    if number == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("number", [5, 33])
def test_killed_and_resumed_by_another_process(model, undisturbed, tmp_path, number):
    folder = Path(__file__).parent.parent / "sampling"
    command = [sys.executable, "-c", KILLED, str(folder), str(tmp_path), str(number)]
    killed = subprocess.run(command, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list(tmp_path.glob("tokens_*.log"))
    assert same(finish(model, tmp_path), undisturbed)


def test_lyrics_and_codes_in_one_sequence_resume_too(tmp_path, monkeypatch):
    """There the log must keep ids of the joint vocabulary, lyric ids among them."""
    from tiny_models import tiny_model

    model = tiny_model(seed=3, single_sequence=True)
    whole = model.sample(**SONG, seed=2)
    monkeypatch.setattr(parts, "PART_SECONDS", 0.05)
    stream = model.stream(**SONG, seed=2, out=tmp_path)
    for _ in range(7):
        next(stream)
    stream.close()
    assert same(model.sample(**SONG, seed=2, out=tmp_path), whole)


def test_a_finished_run_is_read_and_not_repeated(model, undisturbed, tmp_path):
    assert same(finish(model, tmp_path), undisturbed)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert same(finish(model, tmp_path), undisturbed)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_another_request_is_refused_with_the_first_difference(model, undisturbed, tmp_path):
    finish(model, tmp_path)
    changes = {
        "seed": (10, "seed is 9 there and 10 here"),
        "lyrics": ("else", "lyrics is 'la la love' there and 'else' here"),
        "artist": ("Ben", "artist is 'Ada' there"),
        "n_samples": (1, "n_samples is 2 there and 1 here"),
        "seconds": (1.5, "seconds is 0.96 there and 1.5 here"),
        "options": (SamplingOptions(top_k=2), "options is"),
        "prompt": (np.ones(640, np.float32) / 2, "prompt is None there"),
    }
    for name, (value, text) in changes.items():
        with pytest.raises(RunError, match=text):
            finish(model, tmp_path, **{name: value})


def test_other_weights_are_another_request(model, tmp_path):
    from tiny_models import tiny_model

    finish(model, tmp_path)
    with pytest.raises(RunError, match="weights is '[0-9a-f]+' there"):
        finish(tiny_model(seed=1), tmp_path)


def test_damaged_codes_of_a_run_are_reported(model, tmp_path):
    finish(model, tmp_path)
    (tmp_path / "codes_1.npy").write_bytes(b"oops")
    with pytest.raises(RunError, match="codes_1.npy is damaged.*Delete it"):
        finish(model, tmp_path)
    (tmp_path / "codes_1.npy").unlink()
    finish(model, tmp_path)  # written anew, from the level above


def test_a_folder_in_use_is_refused(model, tmp_path):
    stream = model.stream(**SONG, n_samples=2, seed=9, out=tmp_path)
    next(stream)
    with pytest.raises(RunError, match="in use by another run"):
        finish(model, tmp_path)
    stream.close()
    finish(model, tmp_path)
