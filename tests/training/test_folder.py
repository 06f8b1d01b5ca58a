"""A folder of songs: what can be used is used, what cannot is skipped with its reason."""

from __future__ import annotations

import contextlib
import json
import os
import sys

import mutagen.flac
import mutagen.id3
import numpy as np
import pytest
import soundfile

from jukebox_edu import audio
from jukebox_edu.audio.blocks import stream
from jukebox_edu.errors import AudioError, ConfigError
from jukebox_edu.songbook import make_song
from jukebox_edu.training import examine as examining
from jukebox_edu.training.folder import FolderSource
from jukebox_edu.training.report import disk_bytes, printable

sys.path.insert(0, os.path.dirname(__file__))
from small_songs import RATE, noise, write_wav  # noqa: E402

CSV = "word,start,end\nla,0.1,0.3\nlo,0.5,0.7\n"


def skipped(source):
    return {file.name: file.problem for file in source.report.skipped}


def used(source):
    return {file.name: file for file in source.report.used}


def test_files_that_cannot_be_used_are_skipped_with_their_reason(tmp_path):
    good = write_wav(tmp_path / "good.wav")
    whole = good.read_bytes()
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.mp3").write_text("no sound at all, " * 50)
    soundfile.write(tmp_path / "cut.flac", noise(3.0, seed=5), RATE)
    flac = (tmp_path / "cut.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(flac[: len(flac) // 2])
    (tmp_path / "header.wav").write_bytes(whole[:44])
    write_wav(tmp_path / "silent.wav", np.zeros((RATE * 2, 1)))
    bad = noise(2.0, seed=1)
    bad[700] = np.nan
    write_wav(tmp_path / "nan.wav", bad, subtype="FLOAT")
    write_wav(tmp_path / "short.wav", seconds=0.3, seed=2)
    (tmp_path / "song.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    source = FolderSource(tmp_path)
    assert list(used(source)) == ["good.wav"]
    assert skipped(source) == {
        "cut.flac": "damaged", "empty.wav": "empty", "header.wav": "empty", "nan.wav": "NaN",
        "short.wav": "too short", "silent.wav": "silent", "song.m4a": "unreadable",
        "text.mp3": "unreadable",
    }  # fmt: skip
    text = source.report.text()
    assert "1 song of 2 s" in text and "Skipped: 8" in text
    for part in ("ffmpeg -i", "0.30 s, less than the 1 s asked for", "NaN or infinite samples"):
        assert part in text


def test_the_same_recording_is_used_once_whatever_it_is_called(tmp_path):
    sound = (noise(2.0, channels=2, seed=3) * 30000).astype(np.int16)
    write_wav(tmp_path / "a" / "one.wav", sound)
    write_wav(tmp_path / "b" / "another.wav", sound)
    soundfile.write(tmp_path / "z.flac", sound, RATE)
    write_wav(tmp_path / "b" / "other.wav", noise(2.0, channels=2, seed=4))
    source = FolderSource(tmp_path)
    assert list(used(source)) == ["a/one.wav", "b/other.wav"]
    assert skipped(source) == {"b/another.wav": "duplicate", "z.flac": "duplicate"}
    assert "the same recording as a/one.wav" in source.report.text()
    (tmp_path / "b" / "another.txt").write_text("la la")  # a copy with words is worth more
    assert list(used(FolderSource(tmp_path))) == ["b/another.wav", "b/other.wav"]
    (tmp_path / "b" / "list.csv").write_text("path,artist\nz,Ann\na/one,Bob\n../a/one,Ann\n")
    (tmp_path / "b" / "another.txt").unlink()
    source = FolderSource(tmp_path, tmp_path / "b" / "list.csv")
    assert [r.artist for r in source.records()] == ["Bob", ""]


def test_another_format_of_the_same_song_is_left_out_but_not_another_song(tmp_path):
    sound = noise(2.0, seed=3)
    for name in ("song.ogg", "song.flac", "song.mp3"):
        audio.save(tmp_path / name, sound.T, RATE)
    audio.save(tmp_path / "x" / "song.ogg", noise(2.0, seed=4).T, RATE)
    audio.save(tmp_path / "take.flac", noise(2.0, seed=5).T, RATE)
    audio.save(tmp_path / "take.ogg", noise(3.0, seed=6).T, RATE)  # longer: another take
    source = FolderSource(tmp_path)
    assert list(used(source)) == ["song.flac", "take.flac", "take.ogg", "x/song.ogg"]
    assert "which is the better copy" in source.report.text()


def test_every_format_is_read_and_wrong_endings_do_not_matter(tmp_path):
    write_wav(tmp_path / "lies.mp3", seed=1)
    write_wav(tmp_path / "no ending", seed=2)
    for k, (name, kind, subtype) in enumerate(
        [("a.flac", "FLAC", "PCM_24"), ("b.aiff", "AIFF", "PCM_16"), ("c.ogg", "OGG", "VORBIS"),
         ("d.opus", "OGG", "OPUS"), ("e.mp3", "MP3", "MPEG_LAYER_III")]
    ):  # fmt: skip
        soundfile.write(tmp_path / name, noise(seed=3 + k), RATE, format=kind, subtype=subtype)
    source = FolderSource(tmp_path)
    assert skipped(source) == {} and len(source.report.used) == 7
    what = "it is WAV by its content, and is read as such"
    assert source.report.notes == (f"lies.mp3: {what}", f"no ending: {what}")


def test_hostile_names_and_equal_names_in_different_folders(tmp_path):
    names = ["été/naïve 歌.wav", "a/song.wav", "b/song.wav", "line\nbreak.wav", "x" * 200 + ".wav",
             "quote'\"$(rm) %s {} \\.wav", "..wav.wav", "a,b;c.wav"]  # fmt: skip
    for k, name in enumerate(names):
        write_wav(tmp_path / name, seed=k)
    with contextlib.suppress(OSError):  # a file system that knows no such names
        with open(os.fsencode(tmp_path) + b"/latin-\xe9.wav", "wb") as file:
            file.write((tmp_path / names[0]).read_bytes())
    hidden = write_wav(tmp_path / "._song.wav", seed=50)
    names.remove("..wav.wav")
    source = FolderSource(tmp_path)
    assert sorted(used(source)) == sorted(names)
    assert all("rename it" in file.reason for file in source.report.skipped)
    assert hidden.name not in source.report.text()
    for record in source.records():
        assert source.audio(record, RATE).shape == (1, 12000)
    source.report.text().encode("utf-8")  # nothing in it that a terminal cannot take
    assert "line\\x0abreak" in printable("line\nbreak")
    json.dumps(source.report.to_json())


def test_links_that_go_round_end(tmp_path):
    write_wav(tmp_path / "a" / "song.wav")
    try:
        os.symlink(tmp_path, tmp_path / "a" / "round", target_is_directory=True)
    except OSError:
        pytest.skip("no links on this system")
    assert list(used(FolderSource(tmp_path))) == ["a/song.wav"]


def test_words_beside_a_song_are_found(tmp_path):
    for name in ("a", "b", "c", "d", "e"):
        write_wav(tmp_path / f"{name}.wav", seed=ord(name))
    (tmp_path / "a.txt").write_text("La, lo!\n")
    (tmp_path / "a.words.csv").write_text(CSV)
    (tmp_path / "b.lrc").write_text("[00:00.50]la lo")
    about = {"artist": "Ann", "genre": "waltz", "lyrics": "la lo", "words": [
        {"word": "la", "start": 0, "end": 1}, {"word": "lo", "start": 1, "end": 1.5}]}  # fmt: skip
    (tmp_path / "C.JSON").write_text(json.dumps(about))
    (tmp_path / "d.txt").write_bytes("là lö".encode("latin-1"))
    (tmp_path / "e.txt").write_text("la li")
    (tmp_path / "e.words.csv").write_text(CSV)
    source = FolderSource(tmp_path)
    records = {record.name[0]: record for record in source.records()}
    assert [records[k].lyrics for k in "abcde"] == ["La, lo!", "la lo", "la lo", "là lö", "la li"]
    assert [records[k].times is not None for k in "abcde"] == [True, True, True, False, False]
    assert (records["c"].artist, records["c"].genre) == ("Ann", "waltz")
    assert records["a"].artist == ""  # folder names are not guessed
    assert records["a"].times.starts[0] == 0.1
    notes = "\n".join(source.report.notes)
    assert "d.txt: its encoding is not UTF-8 and was guessed" in notes
    assert "e.words.csv, line 3: found 'lo', but line 1 of the lyrics has 'li' there" in notes
    assert source.report.n_lyrics == 5 and source.report.n_times == 3
    assert "5 of 5 songs" in source.report.text() and "Ann (1)" in source.report.text()


def test_tags_are_read(tmp_path):
    flac = tmp_path / "a.flac"
    soundfile.write(flac, noise(seed=1), RATE)
    tags = mutagen.flac.FLAC(flac)
    tags["artist"], tags["genre"] = "Ann", ["waltz", "slow"]
    tags["lyrics"] = "[00:00.20]la la\n[00:01.00]lo"
    tags.save()
    mp3 = tmp_path / "b.mp3"
    audio.save(mp3, noise(seed=2).T, RATE)
    id3 = mutagen.id3.ID3()
    id3.add(mutagen.id3.TPE1(text="Bob"))
    id3.add(mutagen.id3.TCON(text="(8)"))  # a number in the list of ID3v1
    id3.add(mutagen.id3.SYLT(format=2, type=1, text=[("La ", 100), ("lo", 500), ("\nli", 900)]))
    id3.save(mp3)
    wav = tmp_path / "c.wav"
    with soundfile.SoundFile(wav, "w", RATE, 1) as file:
        file.artist, file.genre = "Cid", "folk"
        file.write(noise(seed=3))
    (tmp_path / "d.wav").write_bytes(wav.read_bytes())
    source = FolderSource(tmp_path)
    a, b, c = source.records()
    assert (a.artist, a.genre, a.lyrics) == ("Ann", "waltz", "la la\nlo")
    assert a.times.starts[0] == 0.2
    assert (b.artist, b.genre, b.lyrics) == ("Bob", "Jazz", "La lo\nli")
    assert b.times.starts[[0, 3, 6]].tolist() == [0.1, 0.5, 0.9]
    assert (c.artist, c.genre) == ("Cid", "folk")


def test_times_that_fit_the_text_beside_win_over_lyrics_in_tags(tmp_path):
    flac = tmp_path / "a.flac"
    soundfile.write(flac, noise(), RATE)
    tags = mutagen.flac.FLAC(flac)
    tags["lyrics"] = "something else"
    tags.save()
    (tmp_path / "a.txt").write_text("La lo")
    (tmp_path / "a.csv").write_text(CSV)
    (record,) = FolderSource(tmp_path).records()
    assert record.lyrics == "La lo" and record.times is not None
    (tmp_path / "a.csv").unlink()
    assert FolderSource(tmp_path).records()[0].lyrics == "something else"


def test_the_sound_of_a_record_is_that_of_the_file(tmp_path):
    path = write_wav(tmp_path / "a.wav", noise(2.0, channels=2, rate=44100), rate=44100)
    write_wav(tmp_path / "b.wav", noise(2.0, channels=4))
    source = FolderSource(tmp_path)
    a, b = source.records()
    assert np.array_equal(
        source.audio(a, RATE), audio.load(path, sample_rate=RATE, mono=False).samples
    )
    assert source.audio(b, RATE).shape == (1, 2 * RATE)  # more than two channels are mixed


@pytest.mark.parametrize(("rate", "seconds"), [(11025, 95.003), (16000, 61.0), (8000, 30.5)])
def test_blocks_joined_are_the_whole_file(tmp_path, rate, seconds):
    path = write_wav(tmp_path / "a.wav", noise(seconds, channels=2, rate=rate), rate=rate)
    for target in (RATE, None):
        blocks = list(stream(path, sample_rate=target))
        whole = audio.load(path, sample_rate=target, mono=False).samples
        assert np.array_equal(np.concatenate(blocks, axis=1), whole)
        assert max(block.shape[1] for block in blocks) <= 31 * rate
    with pytest.raises(AudioError, match="must be an existing audio file"):
        next(stream(tmp_path / "nothing.wav"))


def test_examining_is_remembered_until_a_file_changes(tmp_path, monkeypatch):
    folder, cache = tmp_path / "songs", tmp_path / "examined.json"
    write_wav(folder / "a.wav", seed=1)
    write_wav(folder / "b.wav", seed=2)
    read = []
    real = examining.examine
    monkeypatch.setattr(examining, "examine", lambda path: read.append(path.name) or real(path))
    first = FolderSource(folder, cache=cache, workers=2).report
    again = FolderSource(folder, cache=cache).report
    assert sorted(read) == ["a.wav", "b.wav"] and again.used == first.used
    write_wav(folder / "b.wav", seconds=2.0, seed=3)
    third = FolderSource(folder, cache=cache).report
    assert read[2:] == ["b.wav"] and third.used[1].seconds == 2.0
    cache.write_text("{ damaged")
    assert FolderSource(folder, cache=cache).report.used == third.used


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="must be an existing folder"):
        FolderSource(tmp_path / "nothing")
    report = FolderSource(tmp_path).report
    assert report.used == () and "0 songs" in report.text()


def test_disk_needed_is_about_what_sound_and_codes_take():
    assert disk_bytes([(10.0, 2)], 1000, (10, 100), variants=2) == pytest.approx(
        10 * 1000 * (4 + 2 * 2 / 10 + 2 * 2 / 100), rel=0.2
    )


def test_a_songbook_song_saved_with_its_words_comes_back(tmp_path):
    song = make_song(3, seconds=8.0)
    audio.save(tmp_path / "song.flac", song.audio, song.sample_rate)
    rows = [f"{w.text},{w.start},{w.end}" for w in song.words]
    (tmp_path / "song.words.csv").write_text("\n".join(["word,start,end", *rows]))
    (tmp_path / "song.txt").write_text(song.lyrics)
    (record,) = FolderSource(tmp_path).records()
    middles = np.array([(w.start + w.end) / 2 for w in song.words])
    found = record.times.characters_at(middles)
    for index, word in zip(found, song.words, strict=True):
        assert word.first_char <= index < word.last_char_end


def test_the_words_of_real_songs_are_found_and_matched(shared_folder, tmp_path):
    """A few seconds of each stand for the song: only the folder's other files are its own."""
    folder = shared_folder / "music"
    if not (folder / "fantasma.mp3").exists():
        pytest.skip("the songs are not in the folder of licensed material")
    for path in sorted(folder.glob("*.mp3")):
        clip = audio.load(path, start=20.0, seconds=2.0, mono=False)
        audio.save(tmp_path / f"{path.stem}.flac", clip.samples, clip.sample_rate)
        for ending in (".txt", ".words.csv"):
            os.symlink(path.with_suffix(ending), tmp_path / f"{path.stem}{ending}")
    source = FolderSource(tmp_path)
    assert source.report.n_lyrics == source.report.n_times == len(source.report.used) == 4
    assert source.report.notes == ()
    for record in source.records():
        letters = [k for k, c in enumerate(record.lyrics) if c.isalnum()]
        assert record.times.known.tolist() == letters
