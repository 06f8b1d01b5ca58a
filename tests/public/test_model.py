"""The Jukebox: sound to codes and back, prompts, continuing, upsampling, and what it refuses."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

import jukebox_edu as jb
from jukebox_edu import audio
from jukebox_edu.errors import (
    AudioError,
    CheckpointError,
    ConfigError,
    JukeboxError,
    LyricsError,
    ShapeError,
)

QUIET = {"progress": False}
SHORT = {"artist": "Ada", "genre": "waltz", "seconds": 0.96, **QUIET}


def same(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.codes, b.codes, strict=True))


def tone(seconds: float, rate: int = 1000) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * 50 * time)).astype(np.float32)


# ---- the package ------------------------------------------------------------------------------


def test_importing_the_package_imports_neither_torch_nor_numpy():
    code = (
        "import sys, jukebox_edu; dir(jukebox_edu);"
        "jukebox_edu.sampling.window_starts(10, 5, 2); jukebox_edu.units.clock(3);"
        "print([m for m in ('torch', 'numpy', 'matplotlib', 'librosa') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr


def test_the_public_names_are_there():
    for name in ("Jukebox", "Song", "SongPart", "SamplingOptions", "SongLabels", "find_artist"):
        assert callable(getattr(jb, name))
    assert callable(jb.bundled_run) and callable(jb.bundled_runs) and callable(jb.data_samples)
    assert jb.labels.clean("é", "v3") == "e"
    assert jb.sampling.window_starts(6890, 6144, 768) == [0, 746]
    assert callable(jb.alignment.align) and callable(jb.checkpoints.load_openai_vqvae)
    assert set(jb.__all__) <= set(dir(jb))
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        _ = jb.lode


# ---- codes and sound --------------------------------------------------------------------------


def test_what_the_model_says_of_itself(model):
    assert (model.levels, model.sample_rate, model.hop_lengths) == (3, 1000, (16, 32, 64))
    assert model.artists() == ("Ada", "Ben", "Céline") and model.genres() == ("waltz", "blues")
    assert "test-1" in repr(model) and "3 levels" in repr(model)


def test_encoding_pads_to_whole_top_codes_and_remembers_the_length(model):
    codes = model.encode(tone(1.0))
    assert [tuple(c.shape) for c in codes] == [(1, 64), (1, 32), (1, 16)]
    assert codes.n_samples == 1000 and isinstance(codes, list)
    padded = np.zeros(1024, np.float32)
    padded[:1000] = tone(1.0)
    assert all(torch.equal(a, b) for a, b in zip(codes, model.encode(padded), strict=True))


def test_arrays_tensors_batches_and_clips_are_the_same_sound(model):
    one = model.encode(tone(0.64))
    clip = audio.AudioClip(tone(0.64), 1000, None, None)
    double = torch.from_numpy(tone(0.64)).double()
    for form in (torch.from_numpy(tone(0.64)), double, tone(0.64)[None], clip):
        found = model.encode(form)
        assert all(torch.equal(a, b) for a, b in zip(one, found, strict=True))
    both = model.encode(np.stack([tone(0.64), -tone(0.64)]))
    assert all(torch.equal(a, b[:1]) for a, b in zip(one, both, strict=True))


def test_sound_of_another_rate_is_resampled(model):
    found = model.encode(tone(0.64, 4000), sample_rate=4000)
    assert found.n_samples == 640 and found[0].shape == (1, 40)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_decoding_uses_one_level_and_does_not_clamp(model, level):
    codes = model.encode(tone(0.64))
    others = [c if i == level else None for i, c in enumerate(codes)]
    sound = model.decode(others, level)
    assert sound.shape == (1, 640) and sound.dtype == torch.float32
    assert torch.equal(sound, model.vqvae.decode(codes, level))
    assert torch.equal(
        sound, model.decode([None if c is None else c.numpy() for c in others], level)
    )


@pytest.mark.parametrize(
    ("sound", "error", "text"),
    [
        (np.zeros(0, np.float32), AudioError, "not empty"),
        (np.zeros((0, 5), np.float32), AudioError, "not empty"),
        (np.full(640, np.nan, np.float32), AudioError, "640 samples that are NaN"),
        (np.full(640, 3, np.int16), AudioError, "floating point"),
        (np.zeros((2, 2, 2)), ShapeError, r"\(samples,\) or \(batch, samples\)"),
        (np.zeros((44100, 2)), ShapeError, "batch of at most 1024"),
        ("song.wav", AudioError, r"Files: audio.load\(path\)"),
        (None, AudioError, "array of real numbers"),
    ],
)
def test_what_is_no_sound_is_not_encoded(model, sound, error, text):
    with pytest.raises(error, match=text):
        model.encode(sound)


def test_features_of_a_recording(model):
    per_code = model.features(tone(1.28), layer=0, pool=None)  # 20 codes: more than two windows
    assert per_code.shape == (1, 20, 16) and per_code.dtype == np.float32
    pooled = model.features(tone(1.28), layer=0)
    np.testing.assert_allclose(pooled, per_code.mean(axis=1), rtol=1e-5, atol=1e-6)
    other = model.features(-tone(1.28)[::-1].copy(), layer=0)
    assert np.abs(pooled - other).max() > 1e-3
    default = model.features(tone(1.28))
    np.testing.assert_allclose(default, model.features(tone(1.28), layer=1), rtol=1e-6)
    with pytest.raises(ConfigError, match="layer=2: must be from 0 to 1"):
        model.features(tone(1.0), layer=2)
    with pytest.raises(ConfigError, match="pool='max'"):
        model.features(tone(1.0), pool="max")


# ---- prompts, continuing, upsampling ----------------------------------------------------------


def test_a_prompt_stays_at_every_level(model):
    prompt = tone(0.384)
    song = model.sample("la", prompt=prompt, **SHORT)
    for codes, begin in zip(song.codes, model.encode(prompt), strict=True):
        assert torch.equal(codes[:, : begin.shape[1]], begin)
    assert song.length == 960 and song.plan.prompt_length == 384


def test_prompts_come_as_arrays_files_clips_and_songs(model, tmp_path):
    audio.save(tmp_path / "prompt.wav", tone(0.384), 1000)
    read = audio.load(tmp_path / "prompt.wav")
    songs = [
        model.sample("la", prompt=form, **SHORT)
        for form in (read.samples, read, tmp_path / "prompt.wav", str(tmp_path / "prompt.wav"))
    ]
    assert all(same(song, songs[0]) for song in songs)
    begun = songs[0].trim(0.384)
    assert same(model.sample("la", prompt=begun, **SHORT), songs[0])


def test_a_prompt_is_cut_to_whole_top_codes(model):
    song = model.sample("la", prompt=tone(0.4), **SHORT)
    assert song.plan.prompt_length == 384
    assert same(song, model.sample("la", prompt=tone(0.4)[:384], **SHORT))


def test_one_prompt_for_all_samples_or_one_for_each(model):
    rows = np.stack([tone(0.384), -tone(0.384)])
    both = model.sample("la", prompt=rows, n_samples=2, **SHORT)
    first = model.sample("la", prompt=rows[0], n_samples=2, **SHORT)
    assert same(both.take(0), first.take(0)) and not same(both.take(1), first.take(1))


def test_continuing_keeps_what_is_there(model, song):
    longer = model.continue_song(song, seconds=0.64, **QUIET)
    assert longer.length == song.length + 640
    for new, old in zip(longer.codes, song.codes, strict=True):
        assert torch.equal(new[:, : old.shape[1]], old)
    assert longer.labels.lyrics == song.labels.lyrics
    assert longer.provenance.history[-1].startswith("continued to 2.56 s")
    assert longer.provenance.history[:-1] == song.provenance.history


def test_continuing_repeats_and_another_seed_branches(model, song):
    one, again = (model.continue_song(song, seconds=0.64, **QUIET) for _ in range(2))
    assert same(one, again)
    branch = model.continue_song(song, seconds=0.64, seed=99, **QUIET)
    assert not same(one, branch) and same(one.trim(1.92), branch.trim(1.92))


def test_continuing_a_take_is_the_take_of_continuing(model, song):
    """A row keeps its own noise."""
    both = model.continue_song(song, seconds=0.64, **QUIET)
    assert same(model.continue_song(song.take(1), seconds=0.64, **QUIET), both.take(1))


def test_continuing_with_other_words(model, song):
    same_words = model.continue_song(song, seconds=0.64, **QUIET)
    others = model.continue_song(song, seconds=0.64, lyrics="something else", **QUIET)
    assert others.labels.lyrics == ("something else",) * 2 and not same(same_words, others)


def test_level_by_level_is_all_at_once(model, song):
    """Top alone, then upsampled, equals the song in one go; the top stays."""
    words = {"artist": "Ada", "genre": "waltz", "n_samples": 2, "seed": 3, "seconds": 1.92}
    top = model.sample("la la love", levels=2, **words, **QUIET)
    assert top.levels == (2,) and top.finest == 2 and torch.equal(top.codes[2], song.codes[2])
    whole = model.upsample(top, **QUIET)
    assert same(whole, song)
    middle = model.upsample(top, levels=1, **QUIET)
    assert middle.levels == (1, 2) and same(model.upsample(middle, **QUIET), song)
    assert model.upsample(song) is song


def test_a_top_level_song_continues_at_the_top(model):
    top = model.sample("la", levels=2, **SHORT)
    longer = model.continue_song(top, seconds=0.64, **QUIET)
    assert longer.levels == (2,) and longer.length == 1600


def test_continue_and_upsample_resume_too(model, song, tmp_path):
    longer = model.continue_song(song, seconds=0.64, out=tmp_path / "run", **QUIET)
    assert same(model.continue_song(song, seconds=0.64, out=tmp_path / "run", **QUIET), longer)
    assert same(jb.Song.load(tmp_path / "run"), longer)
    top = model.sample("la", levels=2, out=tmp_path / "top", **SHORT)
    whole = model.upsample(top, out=tmp_path / "up", **QUIET)
    assert same(jb.Song.load(tmp_path / "up"), whole)


def test_the_model_says_what_it_chose(model, capsys, monkeypatch):
    monkeypatch.delenv("JUKEBOX_EDU_QUIET", raising=False)
    song = model.sample("la", seconds=1.0)
    said = capsys.readouterr().err
    assert "No artist was given: taking the model's first, 'Ada'" in said
    assert "No genre was given: taking the model's first, 'waltz'" in said
    assert "rounded down to 0.9600 s" in said
    assert song.labels.artist == ("Ada",) and song.labels.defaults == ("artist", "genre")


def test_unknown_names_warn(model):
    with pytest.warns(jb.labels.UnknownNameWarning, match="Nearest names: 'Ada'"):
        model.sample("la", **{**SHORT, "artist": "Adda"})


def test_rates_are_measured_and_make_the_next_plan_say_the_time(model):
    model.sample("la", **SHORT)
    assert set(model.rates) == {0, 1, 2} and min(model.rates.values()) > 0
    assert "at the speed measured before" in model.plan(2).explain()


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"prompt": np.zeros(384, np.float32)}, AudioError, "prompt is silent"),
        ({"prompt": np.ones(10, np.float32)}, AudioError, "at least 0.064 s, one code of the top"),
        ({"prompt": "no such file.wav"}, AudioError, "existing audio file"),
        ({"prompt": np.full(384, np.inf, np.float32)}, AudioError, "NaN or infinite"),
        ({"prompt": np.ones((3, 384), np.float32)}, ConfigError, "one recording, or 1"),
        ({"prompt": np.ones(2000, np.float32)}, ConfigError, "they count the prompt"),
        ({"seconds": 0}, ConfigError, "seconds=0"),
        ({"seconds": 0.1}, ConfigError, "at least 0.512 s, one window of level 1"),
        ({"n_samples": 0}, ConfigError, "n_samples=0"),
        ({"n_samples": 2000}, ConfigError, "n_samples=2000"),
        ({"n_samples": 2, "lyrics": ["a", "b", "c"]}, LyricsError, "as many as there are samples"),
        ({"seed": -1}, ConfigError, "seed=-1"),
        ({"seed": 1.5}, ConfigError, "seed=1.5"),
        ({"levels": 5}, ConfigError, "levels=5"),
        ({"levels": (1, 0)}, ConfigError, "write it too"),
        ({"options": {"top_k": 3}}, ConfigError, "options=.*SamplingOptions"),
        ({"lyrics": 3}, LyricsError, "lyrics=3"),
        ({"lyrics": "a" * 30_000}, LyricsError, "at most 20,000"),
        ({"artist": 7}, LyricsError, "artist=7"),
        ({"total_seconds": 0.5}, ConfigError, "total_seconds=0.5"),
        ({"total_seconds": 100}, ConfigError, "below 60, the longest song"),
    ],
)
def test_refusals_come_before_any_file(model, tmp_path, change, error, text):
    with pytest.raises(error, match=text) as caught:
        model.sample(**{**SHORT, **change}, out=tmp_path / "run")
    assert isinstance(caught.value, JukeboxError) and "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_stream_refuses_when_it_is_made(model):
    with pytest.raises(ConfigError, match="seconds=-1"):
        model.stream(**{**SHORT, "seconds": -1})


def test_songs_of_another_codec_are_refused(model, song):
    import dataclasses

    foreign = dataclasses.replace(song, sample_rate=2000)
    with pytest.raises(ConfigError, match="Prompt with its sound instead"):
        model.continue_song(foreign, seconds=1)
    with pytest.raises(ConfigError, match="song=3: must be a Song"):
        model.continue_song(3)
    with pytest.raises(ConfigError, match="must be a Song"):
        model.upsample(tone(1))


# ---- loading ----------------------------------------------------------------------------------


def test_a_loaded_model_writes_the_same_songs(model, model_folder, song):
    loaded = jb.load(model_folder, device="cpu")
    assert loaded.artists() == model.artists()
    found = loaded.sample("la la love", artist="Ada", genre="waltz", seconds=1.92, n_samples=2,
                          seed=3, **QUIET)  # fmt: skip
    assert same(found, song)
    assert jb.find_artist("celine", loaded) == ("Céline",)


def test_half_precision_samples_and_keeps_its_fingerprint(model_folder):
    loaded = jb.load(model_folder, device="cpu", dtype="bfloat16")
    assert loaded.dtype == torch.bfloat16
    song = loaded.sample("la", **SHORT)
    assert song.length == 960 and song.provenance.dtype == "bfloat16"
    before = loaded.fingerprint
    assert loaded.to(dtype="float32").dtype == torch.float32 and loaded.fingerprint == before


def test_changed_files_change_the_fingerprint(model, model_folder, tmp_path):
    from tiny_models import ARTISTS, GENRES, tiny_model

    from jukebox_edu.checkpoints import KnownNames, save_model

    other = tiny_model(seed=1)
    assert other.fingerprint != model.fingerprint
    parts = (other.config, other.vqvae, other.priors)
    save_model(tmp_path / "m", *parts, known_names=KnownNames(ARTISTS, GENRES))
    prints = {jb.load(f, device="cpu").fingerprint for f in (tmp_path / "m", model_folder)}
    assert len(prints) == 2


@pytest.mark.parametrize("name", ["1b_lyrics", "5b", "5b_lyrics"])
def test_released_models_say_how_to_get_them(name, monkeypatch, tmp_path):
    monkeypatch.setenv("JUKEBOX_EDU_HOME", str(tmp_path))
    with pytest.raises(CheckpointError, match=f"{name}: missing in.*jukebox-edu download {name}"):
        jb.load(name)
    with pytest.raises(CheckpointError, match="prior_level_2.pth.tar.*weights=DIR. Licence"):
        jb.load(name, weights=tmp_path)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"name": "nobody"}, CheckpointError, "There is no model 'nobody': known are 'tiny'"),
        ({"name": "tiny-999"}, CheckpointError, "bundled model 'tiny-999' is not in"),
        ({"name": ""}, ConfigError, "name=''"),
        ({"name": None}, ConfigError, "name=None"),
        ({"device": "abacus"}, ConfigError, "device='abacus': must be one of .*'cpu'"),
        ({"device": "meta"}, ConfigError, "device='meta'"),
        ({"dtype": "float8"}, ConfigError, "dtype='float8'"),
        ({"dtype": torch.int64}, ConfigError, "dtype=torch.int64"),
        ({"weights": "/nowhere"}, ConfigError, "weights="),
    ],
)
def test_loading_refuses(model_folder, arguments, error, text):
    with pytest.raises(error, match=text):
        jb.load(**{"name": model_folder, "device": "cpu", **arguments})


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="it is no model folder"):
        jb.load(tmp_path, device="cpu")


def test_the_table_of_models_names_the_released_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("JUKEBOX_EDU_HOME", str(tmp_path))
    table = jb.models()
    rows = {info.name: info for info in table}
    assert rows["5b_lyrics"].lyrics and not rows["5b"].lyrics
    assert not rows["1b_lyrics"].here and re.search(r"1b_lyrics +no +11.\d GB", repr(table))
