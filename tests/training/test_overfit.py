"""Overfit: the whole path at toy size, and the figures that judge it."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from jukebox_edu.errors import AudioError, ConfigError
from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.model import load
from jukebox_edu.training.excerpt import Excerpt, sung_within
from jukebox_edu.training.overfit import (
    OverfitSteps,
    continued,
    likeness,
    log_mel,
    measure_overfit,
    overfit,
)
from jukebox_edu.training.presets.preset import Preset
from jukebox_edu.training.prior_loop import PriorTraining
from jukebox_edu.training.run import read_log
from jukebox_edu.training.store import open_store
from jukebox_edu.training.vqvae_loop import VQVAETraining

sys.path.insert(0, str(Path(__file__).parent))
from toy_training import CODEC, prior_config  # noqa: E402

RATE = 8000
STEPS = OverfitSteps(codec=30, priors=(20, 100))


COARSE = dataclasses.replace(CODEC, strides=(16, 4))  # few codes a second: quick to write


def toy_priors(n_artists, n_genres):
    """The shapes of `toy_training` over coarser codes, for any number of names."""
    sizes = {"n_artists": n_artists, "n_genres": n_genres}
    pairs = zip((16, 64), (prior_config("upsampler"), prior_config("separate")), strict=True)
    return tuple(
        dataclasses.replace(
            config, hop_length=hop, labels=dataclasses.replace(config.labels, **sizes)
        )
        for hop, config in pairs
    )


TOY = Preset(
    "toy", "two levels", COARSE, toy_priors,
    lambda level: VQVAETraining(5, level=level, clip=3200, log_mel=0.0, log_every=10),
    lambda level: PriorTraining(5, batch=2, learning_rate=1e-2, log_every=10),
    sized_by_names=True,
)  # fmt: skip


def tune(path, seconds=1.2):
    """A melody of four notes as a file."""
    import soundfile

    t = np.arange(int(seconds * RATE)) / RATE
    pitch = np.array([220.0, 330.0, 440.0, 277.0])[(t / seconds * 4).astype(int)]
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * np.cumsum(pitch) / RATE), RATE)
    return path


@pytest.fixture(scope="module")
def written(made):
    """Model, original, and the model's own version of it."""
    model = load(made / "ten" / "model", device="cpu")
    song = open_store(made / "ten" / "data").songs[0]
    return model, song, continued(model, song, progress=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model that has learned a second and a bit by heart."""
    folder = tmp_path_factory.mktemp("overfit")
    source = Excerpt(str(tune(folder / "tune.wav")), 0.1, 1.0)
    overfit(source, folder / "ten", preset=TOY, steps=STEPS, progress=False)
    return folder


def test_a_tune_is_learned_by_heart(made, written):
    first, last = (read_log(made / "ten" / "prior-1")[i]["nats"] for i in (0, -1))
    assert last < 0.4 * first
    model, song, own = written
    assert song.seconds == pytest.approx(1.0) and song.name == "tune.wav from 0.1 s"
    figures = measure_overfit(model, song, own)
    assert figures.codec_likeness > figures.chance
    assert 0 < figures.longest_seconds <= figures.seconds < 1.0
    assert "likeness of the sound" in figures.text()
    assert "licence is that of the recording" in model.config.licence


def test_the_original_itself_is_judged_as_well_as_the_codec_allows(written):
    model, song, own = written
    codes = model.encode(song.samples(0, own.length))
    same = dataclasses.replace(own, codes=list(codes), _heard={})
    figures = measure_overfit(model, song, same)
    assert figures.same_codes == (1.0, 1.0)
    assert figures.likeness == pytest.approx(figures.codec_likeness, abs=0.02)
    assert figures.recognisable == (figures.codec_likeness > figures.chance)
    worse = dataclasses.replace(figures, likeness=figures.chance)
    assert not worse.recognisable and "train longer" in worse.text()


def test_the_same_call_goes_on_and_other_seconds_are_another_song(made):
    logs = [made / "ten" / run / "log.jsonl" for run in ("codec", "prior-1", "prior-0")]
    before = [log.read_bytes() for log in logs]
    source = Excerpt(str(made / "tune.wav"), 0.1, 1.0)
    overfit(source, made / "ten", preset=TOY, steps=STEPS, progress=False)
    assert [log.read_bytes() for log in logs] == before
    with pytest.raises(ConfigError, match="steps.priors.*must be 2 numbers, one per level"):
        overfit(source, made / "ten", preset=TOY, progress=False)


# ---- the figures -------------------------------------------------------------------------------


def test_likeness_is_one_for_the_same_and_small_for_noise():
    random = np.random.default_rng(0)
    t = np.arange(RATE) / RATE
    sweep = np.sin(2 * np.pi * 200 * t * (1 + t)).astype(np.float32)
    assert likeness(sweep, sweep, RATE) == pytest.approx(1.0)
    assert likeness(0.1 * sweep, sweep, RATE) > 0.9  # loudness hardly matters
    noise = random.normal(size=RATE).astype(np.float32)
    assert abs(likeness(noise, sweep, RATE)) < 0.2
    assert log_mel(sweep, RATE).mean(axis=1) == pytest.approx(np.zeros(40), abs=1e-4)


# ---- excerpts ----------------------------------------------------------------------------------


def test_words_are_those_sung_in_the_seconds():
    times = LyricTimes("ab cd", np.array([0.0, 1, np.nan, 2, 3]), np.array([1.0, 2, np.nan, 3, 4]))
    inside = sung_within(times, 0.5, 3.5)
    assert inside.lyrics == "b c" and inside.starts[[0, 2]].tolist() == [0.5, 1.5]
    assert sung_within(times, 5.0, 6.0) is None


def test_an_excerpt_of_the_songbook_has_words_and_a_name():
    source = Excerpt("songbook:3", 1.0, 2.0)
    (record,) = source.records()
    assert record.seconds == 2.0 and record.artist and record.name == "songbook/0000003 from 1 s"
    assert source.audio(record, RATE).shape == (1, 2 * RATE)
    assert record.times.lyrics == record.lyrics and np.nanmax(record.times.ends) <= 2.0


def test_seconds_that_are_not_there_are_refused(tmp_path):
    path = str(tune(tmp_path / "tune.wav"))
    with pytest.raises(AudioError, match=r"start=9.0: must be before the end of .*tune.wav"):
        Excerpt(path, 9.0, 1.0).records()
    with pytest.raises(AudioError, match="start=1.0: must be below 1.2, the length. Choose an ear"):
        Excerpt(path, 1.0, 2.0).records()
    with pytest.raises(AudioError, match="seconds=0.5: must be at least 1"):
        Excerpt(path, 0.0, 0.5)
    with pytest.raises(AudioError, match="no such file|none.wav"):
        Excerpt(str(tmp_path / "none.wav")).records()
    with pytest.raises(ConfigError, match="effort=0: must be above 0"):
        OverfitSteps().times(0)
