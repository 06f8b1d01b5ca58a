"""Songs are cut exactly, kept whole, and read back with every doubt."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest
import torch

import jukebox_edu as jb
from jukebox_edu import audio
from jukebox_edu.errors import AudioError, ConfigError, LyricsError, RunError, ShapeError
from jukebox_edu.song import Provenance, Song

QUIET = {"progress": False}


def same(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.codes, b.codes, strict=True))


def loud_song(model) -> Song:
    """A song whose sound exceeds full scale, by a codec made louder."""
    from tiny_models import tiny_model

    loud = tiny_model()
    for decoder in loud.vqvae.decoders:
        decoder.out.weight.data *= 40
    return loud.sample("la", seconds=0.96, n_samples=2, artist="Ada", genre="waltz", **QUIET)


# ---- hearing ----------------------------------------------------------------------------------


def test_what_a_song_says_of_itself(song):
    assert repr(song) == "Song(2 samples of 1.92 s, levels (0, 1, 2), seed 3, by test-1)"
    assert (song.n_samples, song.length, song.finest, song.rows) == (2, 1920, 0, (0, 1))
    known = song.provenance
    assert known.generated and known.model == "test-1" and known.licence == "test licence"
    assert known.torch == torch.__version__ and known.history == ("sampled to 1.92 s, seed 3",)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_audio_is_the_clamped_decoding(model, song, level):
    for sample in (0, 1):
        sound = song.audio(level, sample)
        assert sound.shape == (1920,) and sound.dtype == np.float32
        whole = model.decode(song.codes, level)[sample].clamp(-1, 1).numpy()
        np.testing.assert_allclose(sound, whole, atol=1e-5)


def test_clipping_is_reported(model):
    song = loud_song(model)
    raw = song.model.decode(song.codes, 0)[0].numpy()
    share = float(np.mean(np.abs(raw) > 1))
    assert share > 0.01 and song.clipped_share(0, 0) == pytest.approx(share, abs=1e-3)
    assert np.abs(song.audio()).max() == 1.0


def test_levels_and_samples_that_are_not_there(model, song):
    for level in (3, -1, True):
        with pytest.raises(ConfigError, match=r"level=.*one of \(0, 1, 2\)"):
            song.audio(level)
    for sample in (2, -1, 0.0, False):
        with pytest.raises(ConfigError, match="sample=.*from 0 to 1"):
            song.audio(0, sample)
    top = model.sample("la", levels=2, seconds=0.96, artist="Ada", genre="waltz", **QUIET)
    with pytest.raises(ConfigError, match=r"model.upsample\(song\) writes the levels below"):
        top.audio()
    assert top.audio(2).shape == (960,)


def test_the_alignment_follows_the_top_codes(song):
    found = song.alignment()
    assert [w.shape for w in found.weights] == [(30, 10), (30, 10)]
    assert found.lyrics == ("la la love",) * 2 and song.alignment() is found


def test_songs_without_words_or_model_have_no_alignment(model, song):
    silent = model.sample("", seconds=0.96, artist="Ada", genre="waltz", **QUIET)
    with pytest.raises(LyricsError, match="nothing to align"):
        silent.alignment()
    with pytest.raises(ConfigError, match=r"Song.load\(folder, model=...\)"):
        dataclasses.replace(song, model=None, _heard={}).alignment()


# ---- cutting ----------------------------------------------------------------------------------


def test_a_take_is_one_row_of_everything(song):
    take = song.take(1)
    assert all(torch.equal(a, b[1:]) for a, b in zip(take.codes, song.codes, strict=True))
    assert take.labels.batch == 1 and take.rows == (1,) and take.seed == song.seed
    np.testing.assert_array_equal(take.audio(2), song.audio(2, 1))
    assert take.provenance.history[-1] == "took sample 1 of 2"


@pytest.mark.parametrize("n", [1, 2, 17, 29, 30])
def test_trimming_keeps_whole_top_codes_of_every_level(song, n):
    for seconds in (n * 0.064, n * 0.064 + 0.0635 if n < 30 else 1.92):
        cut = song.trim(seconds)
        assert [c.shape[1] for c in cut.codes] == [4 * n, 2 * n, n]
        for short, whole in zip(cut.codes, song.codes, strict=True):
            assert torch.equal(short, whole[:, : short.shape[1]])
    assert same(song.trim(seconds=song.seconds), song)
    assert same(song.trim(1.5).trim(0.5), song.trim(0.5))


@pytest.mark.parametrize("n", [1, 15, 29])
def test_splicing_goes_over_at_one_instant_on_every_level(model, song, n):
    other = model.sample("la la love", artist="Ada", genre="waltz", seconds=1.92, n_samples=2,
                         seed=4, **QUIET)  # fmt: skip
    joined = song.splice(other, at=n * 0.064)
    for level, hop in enumerate(song.hop_lengths):
        cut = n * 64 // hop
        assert torch.equal(joined.codes[level][:, :cut], song.codes[level][:, :cut])
        assert torch.equal(joined.codes[level][:, cut:], other.codes[level][:, cut:])
    assert same(joined.splice(song, at=n * 0.064), song)
    assert same(song.splice(song, at=1.0), song)
    assert "another take (seed 4)" in joined.provenance.history[-1]


def test_splicing_a_longer_or_coarser_take(model, song):
    longer = model.continue_song(song, seconds=0.64, **QUIET)
    assert song.splice(longer, at=1.0).length == longer.length
    top = model.sample("la", levels=2, seconds=1.92, n_samples=2, artist="Ada", genre="waltz",
                       **QUIET)  # fmt: skip
    joined = song.splice(top, at=1.0)
    assert joined.levels == (2,)
    assert model.upsample(joined, **QUIET).levels == (0, 1, 2)


@pytest.mark.parametrize(
    ("cut", "text"),
    [
        (lambda s: s.trim(0), "seconds=0: must be a number of seconds above 0"),
        (lambda s: s.trim(-1), "seconds=-1"),
        (lambda s: s.trim(float("nan")), "seconds=nan"),
        (lambda s: s.trim(0.01), "from 0.064 to the 1.92 s of the song"),
        (lambda s: s.trim(3), "seconds=3: must be from 0.064 to the 1.92 s"),
        (lambda s: s.splice(s, at=1.92), "before the end of other"),
        (lambda s: s.splice(s, at=5), "at=5: must be from"),
        (lambda s: s.splice("other", at=1), "other='other': must be a Song"),
        (lambda s: s.splice(s.take(0), at=1), "n_samples"),
        (lambda s: s.take(2), "sample=2: must be from 0 to 1"),
    ],
)
def test_cuts_that_make_no_sense_are_refused(song, cut, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        cut(song)


def test_codes_that_do_not_fit_together_are_refused(song):
    fields = {"sample_rate": 1000, "hop_lengths": (16, 32, 64), "codebook_size": 32, "seed": 0}
    two = [torch.zeros(1, 4, dtype=torch.long), torch.zeros(2, 2, dtype=torch.long)]
    with pytest.raises(ShapeError, match="3 levels of the same batch"):
        Song(codes=two, **fields)
    with pytest.raises(ShapeError, match="whole numbers"):
        Song(codes=[torch.zeros(1, 4)] * 3, **fields)
    with pytest.raises(ShapeError, match="codes of at least one level"):
        Song(codes=[torch.zeros(1, 0, dtype=torch.long)] * 3, **fields)


# ---- keeping ----------------------------------------------------------------------------------


def test_a_saved_song_holds_everything(saved):
    names = {path.name for path in saved.iterdir()}
    sounds = {f"level_{n}{end}.flac" for n in range(3) for end in ("", "_sample_1")}
    codes = {f"codes_{n}.npy" for n in range(3)}
    assert names == {"song.json", "index.html", "alignment.npz", ".lock"} | sounds | codes
    page = (saved / "index.html").read_text(encoding="utf-8")
    assert "la la love" in page and "test licence" in page and "test-1" in page
    clip = audio.load(saved / "level_0.flac")
    assert (clip.tags.model, clip.tags.seed, clip.tags.licence) == ("test-1", 3, "test licence")
    assert "generated" in clip.tags.comment


def test_a_song_comes_back_without_a_model(song, saved):
    back = jb.Song.load(saved)
    assert same(back, song) and back.model is None
    assert (back.seed, back.rows, back.hop_lengths) == (song.seed, song.rows, song.hop_lengths)
    assert back.labels == song.labels and back.plan == song.plan
    assert back.provenance == song.provenance
    for level in range(3):
        for sample in (0, 1):
            sound = back.audio(level, sample)
            np.testing.assert_allclose(sound, song.audio(level, sample), atol=1 / 32768 + 1e-6)
    for ours, theirs in zip(back.alignment().weights, song.alignment().weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_song_comes_back_with_its_model(model, song, saved):
    back = jb.Song.load(saved, model)
    np.testing.assert_array_equal(back.audio(0, 1), song.audio(0, 1))
    longer = model.continue_song(back, seconds=0.64, **QUIET)
    assert same(longer, model.continue_song(song, seconds=0.64, **QUIET))


def test_clipping_is_remembered_in_files(model, tmp_path):
    song = loud_song(model)
    back = jb.Song.load(song.save(tmp_path / "loud"))
    assert back.clipped_share(0, 1) == song.clipped_share(0, 1) > 0


def test_a_finished_run_is_a_song_and_saving_it_keeps_it_resumable(model, tmp_path):
    words = {"artist": "Ada", "genre": "waltz", "seconds": 0.96, "out": tmp_path / "run", **QUIET}
    song = model.sample("la", **words)
    assert same(jb.Song.load(tmp_path / "run", model), song)
    song.save(tmp_path / "run")
    assert same(model.sample("la", **words), song)
    assert jb.Song.load(tmp_path / "run").audio().shape == (960,)


def test_cut_songs_save_and_load_too(song, tmp_path):
    cut = song.take(1).trim(0.96)
    back = jb.Song.load(cut.save(tmp_path / "cut"))
    assert same(back, cut) and back.rows == (1,)
    assert len(back.provenance.history) == 3


def test_without_model_a_cut_song_has_no_sound(saved):
    with pytest.raises(ConfigError, match="there is no folder. Load the song with its model"):
        jb.Song.load(saved).trim(1.0).audio()


def test_another_song_is_not_written_over(model, song, tmp_path):
    folder = song.save(tmp_path / "song")
    before = (folder / "song.json").read_bytes()
    song.save(folder)  # the same song may be saved again
    assert (folder / "song.json").read_bytes() == before
    cut = song.trim(0.96).take(0)
    with pytest.raises(RunError, match="holds another song.*overwrite=True"):
        cut.save(folder)
    assert (folder / "song.json").read_bytes() == before
    cut.save(folder, overwrite=True)
    assert same(jb.Song.load(folder), cut)
    assert not list(folder.glob("*_sample_1.flac"))  # nothing of the old song stays


def test_unfinished_runs_are_no_songs(model, tmp_path):
    stream = model.stream("la", artist="Ada", genre="waltz", seconds=0.96, out=tmp_path, **QUIET)
    next(stream)
    stream.close()
    with pytest.raises(RunError, match="unfinished. Repeat its call with out= to go on"):
        jb.Song.load(tmp_path)


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda f: (f / "song.json").unlink(), "no song.json"),
        (lambda f: (f / "song.json").write_text("{]"), "song.json is damaged"),
        (lambda f: (f / "codes_1.npy").unlink(), "codes_1.npy cannot be read"),
        (lambda f: (f / "codes_1.npy").write_bytes(b"x" * 99), "codes_1.npy is damaged"),
        (lambda f: np.save(f / "codes_0.npy", np.zeros((2, 5), int)), "integers of shape"),
        (lambda f: change(f, rows=[0]), "integers of shape"),
        (lambda f: change(f, tokens="many"), "song.json is damaged"),
        (lambda f: change(f, provenance={"model": "x", "evil": 1}), "song.json is damaged"),
        (lambda f: change(f, labels={"artist": 3}), "song.json is damaged"),
        (lambda f: change(f, seed=None), "song.json is damaged"),
        (lambda f: change(f, format_version=2), "format version 2"),
    ],
)
def test_damaged_folders_are_refused(saved, tmp_path, damage, text):
    folder = tmp_path / "copy"
    shutil.copytree(saved, folder)
    damage(folder)
    with pytest.raises(RunError, match=text):
        jb.Song.load(folder)


def change(folder, **fields):
    record = json.loads((folder / "song.json").read_text())
    (folder / "song.json").write_text(json.dumps({**record, **fields}))


def test_sound_files_that_were_swapped_are_refused(saved, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(saved, folder)
    audio.save(folder / "level_0.flac", np.full(500, 0.1, np.float32), 1000)
    with pytest.raises(RunError, match="holds 500 samples at 1000 Hz and the song 1920"):
        jb.Song.load(folder).audio()


def test_a_model_of_another_codec_is_refused(model, saved, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(saved, folder)
    change(folder, sample_rate=2000)
    with pytest.raises(RunError, match="does not fit the model test-1"):
        jb.Song.load(folder, model)


# ---- showing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_sound_is_exported_with_its_provenance(model, tmp_path, ending):
    """MP3 knows no 1000 Hz: there the refusal says what to do."""
    song = model.sample("la", artist="Ada", genre="waltz", seconds=0.96, **QUIET)
    path = tmp_path / f"song.{ending}"
    if ending == "mp3":
        with pytest.raises(AudioError, match="one of .*8000.* for MP3"):
            song.export(path)
        return
    assert song.export(path) == path
    tags = audio.load(path).tags
    assert (tags.model, tags.seed, tags.artist) == ("test-1", 0, "Ada (generated)")


def test_pages_and_pictures(song, tmp_path):
    path = song.to_html(tmp_path / "song.html", sample=1)
    assert "la la love" in path.read_text(encoding="utf-8")
    assert len(song.plot().axes) >= 4


def test_a_page_can_show_any_text(model, tmp_path):
    lyrics = "<script>alert('\u202e')</script>\n你好 🎵 \ud800"
    song = model.sample(lyrics, seconds=0.96, artist="Ada", genre="waltz", **QUIET)
    folder = song.save(tmp_path / "odd")
    assert "<script>alert" not in (folder / "index.html").read_text(encoding="utf-8")
    assert jb.Song.load(folder).labels.lyrics == (lyrics,)


def test_provenance_grows():
    assert Provenance("m").then("a").then("b").history == ("a", "b")
