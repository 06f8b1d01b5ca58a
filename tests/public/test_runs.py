"""Bundled runs: kept whole, read with every doubt, and pinned to the weights that sang them."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch

import jukebox_edu as jb
from jukebox_edu import audio, runs
from jukebox_edu.errors import RunError
from jukebox_edu.evaluation.judges import log_mel
from jukebox_edu.model.loading import bundled

MOST_BYTES = 150_000  # of one run
MOST_MODEL_BYTES = 20_000_000  # of the bundled model with its runs


@pytest.fixture(scope="module")
def kept(song, tmp_path_factory):
    """The second toy song as a run; its rate of 1000 Hz is none of MP3."""
    folder = tmp_path_factory.mktemp("model") / "runs" / "ada_waltz"
    return runs.write_run(
        folder, song.take(1), chosen="best of 2 by phone error", phone_error=0.25, judge="test",
        sound="sound.flac",
    )  # fmt: skip


@pytest.fixture
def copy(kept, tmp_path):
    """The run again, to be damaged."""
    shutil.copytree(kept.path, tmp_path / "ada_waltz")
    return tmp_path / "ada_waltz"


# ---- a run of a toy model ---------------------------------------------------------------------


def test_a_run_is_found_by_its_name(kept, model, song):
    folder = kept.path.parent
    assert runs.bundled_runs(folder) == (kept,) and runs.bundled_run("ada_waltz", folder) == kept
    assert (kept.lyrics, kept.artist, kept.genre) == ("la la love", "Ada", "waltz")
    assert (kept.seconds, kept.seed, kept.phone_error) == (song.seconds, 3, 0.25)
    assert (kept.model, kept.weights) == ("test-1", model.fingerprint)
    assert kept.chosen == "best of 2 by phone error" and kept.judge == "test"
    assert hash(kept) is not None
    with pytest.raises(RunError, match="one of the bundled runs; there are 'ada_waltz'"):
        runs.bundled_run("ada", folder)


def test_a_folder_without_runs_has_none(tmp_path):
    assert runs.bundled_runs(tmp_path) == () == runs.bundled_runs(tmp_path / "absent")
    with pytest.raises(RunError, match="there are none at all"):
        runs.bundled_run("ada", tmp_path)


def test_without_a_model_everything_comes_from_the_files(kept, song):
    back, take = kept.song(), song.take(1)
    assert back.model is None and back.labels == take.labels
    assert all(torch.equal(a, b) for a, b in zip(back.codes, take.codes, strict=True))
    np.testing.assert_allclose(back.audio(), take.audio(), atol=1 / 32768 + 1e-6)
    assert back.clipped_share() == take.clipped_share()
    read, true = kept.alignment, take.alignment()
    np.testing.assert_array_equal(back.alignment().weights[0], read.weights[0])
    np.testing.assert_allclose(read.weights[0], true.weights[0], atol=runs.STEP / 2)
    assert read.lyrics == true.lyrics and read.ahead == true.ahead


def test_with_its_model_a_run_is_decoded_and_aligned_anew(kept, model, song, copy):
    take = song.take(1)
    (copy / "alignment.npz").unlink()  # neither file is looked at
    (copy / "sound.flac").write_bytes(b"no sound")
    back = dataclasses.replace(kept, path=copy, sound=copy / "sound.flac").song(model)
    for level in range(3):
        np.testing.assert_array_equal(back.audio(level), take.audio(level))
    np.testing.assert_allclose(back.alignment().weights[0], song.alignment().weights[1], atol=1e-6)
    longer = model.continue_song(back, seconds=0.64, progress=False)
    assert torch.equal(longer.codes[0][:, : take.codes[0].shape[1]], take.codes[0])


def test_another_models_run_is_refused(kept):
    from tiny_models import tiny_model

    other = tiny_model(seed=1)  # the same shape and name, other weights
    with pytest.raises(RunError, match=f"{other.fingerprint}. Its codes mean nothing to other"):
        kept.song(other)


def change(folder, file="run.json", **fields):
    record = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**record, **fields}))


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda f: change(f, format=2), "format=2, but this version reads 1"),
        (lambda f: change(f, sound="../sound.flac"), "is no file beside it"),
        (lambda f: change(f, sound="other.flac"), "is no file beside it"),
        (lambda f: change(f, phone_error="low"), "could not convert"),
        (lambda f: (f / "run.json").write_text("{}"), "'format' is missing"),
        (lambda f: (f / "run.json").write_text("[]"), "is damaged"),
        (lambda f: (f / "song.json").unlink(), "song.json cannot be read"),
        (lambda f: change(f, "song.json", labels=None), "no bundled run"),
        (lambda f: change(f, "song.json", provenance={"evil": 1}), "no bundled run"),
        (lambda f: change(f, "song.json", tokens=[1]), "no bundled run"),
    ],
)
def test_damaged_runs_are_refused(copy, damage, text):
    damage(copy)
    with pytest.raises(RunError, match=f"ada_waltz holds no bundled run: .*{text}|{text}"):
        runs.bundled_runs(copy.parent)


def test_a_swapped_sound_is_refused(copy):
    audio.save(copy / "sound.flac", np.full(500, 0.1, np.float32), 1000)
    with pytest.raises(RunError, match="holds 500 samples at 1000 Hz, but the song 1920"):
        runs.bundled_run("ada_waltz", copy.parent).song()


def test_only_single_whole_songs_are_kept(song, model, tmp_path):
    top = model.sample("la", levels=2, seconds=0.96, artist="Ada", genre="waltz", progress=False)
    for wrong in (song, top, dataclasses.replace(song.take(0), model=None)):
        with pytest.raises(RunError, match="one song of all levels, with its lyrics and model"):
            runs.write_run(tmp_path / "run", wrong, chosen="x")
    assert not list(tmp_path.iterdir())


# ---- the runs of the bundled model ------------------------------------------------------------


@pytest.fixture(scope="module")
def there():
    found = jb.bundled_runs()
    if not found:
        pytest.skip(f"the bundled model {bundled()[-1].name} has no runs")
    return found


@pytest.fixture(scope="module")
def tiny():
    return jb.load("tiny", device="cpu")


def test_the_bundled_model_is_small_with_its_runs():
    files = [path for path in bundled()[-1].rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MOST_MODEL_BYTES


def test_every_bundled_run_is_small_and_of_this_model(there, tiny):
    for run in there:
        assert (run.model, run.weights) == (tiny.config.name, tiny.fingerprint), run.name
        assert run.artist in tiny.artists() and run.genre in tiny.genres()
        assert sum(path.stat().st_size for path in run.path.iterdir()) <= MOST_BYTES, run.name
        assert run.chosen and run.lyrics.strip()
        assert jb.bundled_run(run.name) == run


def test_bundled_sounds_are_their_codes_decoded(there, tiny):
    for run in there:
        heard = log_mel(run.song().audio(), tiny.sample_rate).flatten().numpy()
        decoded = log_mel(run.song(tiny).audio(), tiny.sample_rate).flatten().numpy()
        assert np.corrcoef(heard, decoded)[0, 1] > 0.95, run.name


def test_bundled_alignments_are_what_the_model_reads(there, tiny):
    for run in there:
        kept, read = run.alignment, run.song(tiny).alignment()
        assert kept.lyrics == read.lyrics
        np.testing.assert_allclose(kept.weights[0], read.weights[0], atol=2 * runs.STEP)
        late = np.abs(kept.character_times() - read.character_times())
        assert np.median(late) <= kept.hop_seconds, run.name
