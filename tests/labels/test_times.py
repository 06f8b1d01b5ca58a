"""True times of lyrics: what a file says is what the characters get, or the fault is named."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jukebox_edu.alignment import Alignment
from jukebox_edu.errors import LyricsError
from jukebox_edu.labels import timed_middle
from jukebox_edu.labels.pieces import SECONDS_PER_LETTER
from jukebox_edu.labels.text_files import decode_text, read_text
from jukebox_edu.labels.times import LyricTimes, read_times, times_from_words
from jukebox_edu.songbook import make_song

LYRICS = "Hello, world!\nÉté - don't stop"
CSV = "word,start,end\nhello,1,2\nWORLD,2,3\nete,4,4.3\ndon't,5,6\nstop,6.5,7\n"


def write(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def spans(times):
    """Begin and end of every word that has a time."""
    found, place = {}, 0
    for word in times.lyrics.split():
        first = times.lyrics.index(word, place)
        place = first + len(word)
        inside = [k for k in times.known if first <= k < place]
        if inside:
            found[word] = (times.starts[inside[0]], times.ends[inside[-1]])
    return found


def test_letters_share_the_time_of_their_word_and_nothing_else_is_sung():
    times = times_from_words("ab, c", [1.0, 4.0], [2.0, 5.0])
    assert times.starts.tolist()[:2] == [1.0, 1.5] and times.starts[4] == 4.0
    assert times.ends.tolist()[:2] == [1.5, 2.0] and times.ends[4] == 5.0
    assert np.isnan(times.starts[2:4]).all() and np.isnan(times.ends[2:4]).all()
    moments = np.array([0.0, 1.0, 1.49, 1.5, 2.0, 3.0, 4.5, 5.0])
    assert times.characters_at(moments).tolist() == [-1, 0, 0, 1, -1, -1, 4, -1]


def test_timings_fill_what_is_unknown_and_never_go_back():
    times = times_from_words("a bc d", [1.0, np.nan, 7.0], [2.0, np.nan, 8.0])
    table = times.to_timings()
    assert table[:, 0].tolist() == [1.0, 2.0, 3.25, 4.5, 5.75, 7.0]
    assert (table[:-1, 1] == table[1:, 0]).all() and table[-1, 1] == 8.0
    assert [timed_middle(table[:, 0], s) for s in (0, 1.5, 3.3, 7.5, 99)] == [0, 0, 2, 5, 5]


def test_no_times_at_all_are_no_timings():
    nothing = LyricTimes("la", np.full(2, np.nan), np.full(2, np.nan))
    assert nothing.to_timings() is None
    assert nothing.characters_at(np.arange(3.0)).tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("starts", "ends", "message"),
    [
        ([0.0], [0.0], r"starts.shape=\(1,\): must be \(2,\), one per character"),
        ([0.0, np.nan], [0.0, 1.0], "finite, or NaN in the same places"),
        ([0.0, np.inf], [1.0, np.inf], "finite, or NaN in the same places"),
        ([0.0, 1.0], [1.0, 0.5], "no character may end before it begins"),
        ([1.0, 0.0], [1.0, 1.0], "no character may begin before the one before it"),
    ],
)
def test_times_that_cannot_be_are_refused(starts, ends, message):
    with pytest.raises(LyricsError, match=message):
        LyricTimes("ab", np.array(starts), np.array(ends))


def test_csv_words_are_found_whatever_case_accents_and_punctuation(tmp_path):
    times = read_times(write(tmp_path, "a.csv", CSV), LYRICS)
    assert spans(times) == {
        "Hello,": (1, 2), "world!": (2, 3), "Été": (4, 4.3), "don't": (5, 6), "stop": (6.5, 7)
    }  # fmt: skip


def test_csv_without_words_counts_them(tmp_path):
    text = "word_start,word_end,line_end\n1,2,nan\n2,3,3\n4,4.3,nan\n5,6,nan\n6.5,7,7\n"
    path = write(tmp_path, "a.words.csv", text)
    with_words = read_times(write(tmp_path, "a.csv", CSV), LYRICS)
    times = read_times(path, LYRICS)
    assert np.array_equal(times.starts, with_words.starts, equal_nan=True)
    with pytest.raises(LyricsError, match="times without words. Give the lyrics too"):
        read_times(path)
    with pytest.raises(
        LyricsError,
        match=r"a.words.csv, line 3: 5 times for 6 words; the word is 'big' in line 1 of the "
        "lyrics, but the file ends a line there",
    ):
        read_times(path, LYRICS.replace("world", "big world"))
    with pytest.raises(LyricsError, match="line 6: 5 times for 6 words; the word is 'stop'"):
        read_times(path, LYRICS + " now")
    path = write(tmp_path, "b.csv", "start,end\n1,2\n2,3\n")
    with pytest.raises(LyricsError, match="b.csv: 2 times for 5 words of the lyrics"):
        read_times(path, LYRICS)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_decimal_commas(tmp_path, delimiter):
    text = CSV.replace(",", delimiter).replace("4.3", "4,3")
    assert spans(read_times(write(tmp_path, "a.csv", text), LYRICS))["Été"] == (4, 4.3)


def test_words_of_the_file_become_lyrics(tmp_path):
    assert read_times(write(tmp_path, "a.csv", CSV)).lyrics == "hello WORLD ete don't stop"
    lined = "word,word_start,word_end,line_end\nla,1,2,nan\nlo,2,3,3\nla,4,5,5\n"
    assert read_times(write(tmp_path, "b.csv", lined)).lyrics == "la lo\nla"
    lrc = "[ti:x]\n[00:02.00]la  <00:02.50>lo\n\n[00:01.00]one\n"
    with pytest.raises(LyricsError, match="line 4: begins at 1 s, but what stands before"):
        read_times(write(tmp_path, "a.lrc", lrc))
    assert read_times(write(tmp_path, "a.lrc", lrc.replace(":01", ":04"))).lyrics == "la lo\none"


def test_lrc_lines_end_at_the_next_line_or_when_their_letters_are_sung(tmp_path):
    lrc = "[ar:Somebody]\n[00:10.00]Hello, world!\n[00:11.50]Été -\n[01:00.5]don't stop\n"
    times = read_times(write(tmp_path, "a.lrc", lrc), LYRICS)
    found = spans(times)
    assert found["Hello,"] == (10.0, 10.75) and found["world!"] == (10.75, 11.5)
    assert found["Été"] == pytest.approx((11.5, 11.5 + 3 * SECONDS_PER_LETTER))
    assert found["don't"][0] == 60.5 and found["stop"][1] == 60.5 + 8 * SECONDS_PER_LETTER


def test_an_empty_line_of_lrc_says_when_the_line_before_ends(tmp_path):
    times = read_times(write(tmp_path, "a.lrc", "[00:01]ab\n[00:09]\n[00:20]cd\n"))
    assert spans(times)["ab"] == (1.0, 9.0)


def test_lrc_offset_moves_everything_and_positive_means_sooner(tmp_path):
    lrc = "[offset:{}]\n[00:10.00]ab\n[00:11.00]cd\n"
    for offset, begin in (("+500", 9.5), ("-250", 10.25), ("20000", 0.0)):
        times = read_times(write(tmp_path, "a.lrc", lrc.format(offset)))
        assert times.starts[0] == begin
    with pytest.raises(LyricsError, match="a.lrc, line 1: offset 'soon' is no number"):
        read_times(write(tmp_path, "a.lrc", lrc.format("soon")))


def test_lrc_lines_with_several_stamps_return(tmp_path):
    lrc = "[00:05.00][00:20.00]la la\n[00:10.00]one\n[00:30.00]two\n"
    times = read_times(write(tmp_path, "a.lrc", lrc))
    assert times.lyrics == "la la\none\nla la\ntwo"
    assert times.starts[[0, 6, 10]].tolist() == [5.0, 10.0, 20.0]


def test_enhanced_lrc_has_times_of_words_and_syllables(tmp_path):
    lrc = "[00:01.00]<00:01.00>Hel<00:01.50>lo, <00:02.00>world!<00:02.75>\n"
    lrc += "[00:04.00]Été - [00:05.00]don't <00:06.500>stop"
    times = read_times(write(tmp_path, "a.lrc", lrc), LYRICS)
    assert times.starts[3] == 1.5
    assert spans(times) == {
        "Hello,": (1, 2), "world!": (2, 2.75), "Été": (4, 5), "don't": (5, 6.5), "stop": (6.5, 7.5)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [("1:02", 62.0), ("01:02:50", 62.5), ("01:02.500", 62.5), ("1:00:01.25", 3601.25)],
)
def test_stamps_are_read_however_they_are_written(tmp_path, stamp, seconds):
    assert read_times(write(tmp_path, "a.lrc", f"[{stamp}]la")).starts[0] == seconds


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.lrc", "[00:01]hello word\n", r"a.lrc, line 1: found 'word', but line 1 .*'world!'"),
        ("a.lrc", "[00:01]hello\n[00:02]word\n[00:03]ete",
         r"a.lrc, line 2: found 'word', but line 1 of the lyrics has 'world!' there"),
        ("a.lrc", "[00:01]hel world\n", r"line 1: found 'hel', but line 1 .*'Hello,'"),
        ("a.lrc", "[00:01]hello world", "ends before 'Été' in line 2 of the lyrics"),
        ("a.lrc", "[00:01]hello world ete dont stop it", "found 'it', but the lyrics have ended"),
        ("a.csv", CSV.replace("WORLD", "word"), r"a.csv, line 3: found 'word', but line 1"),
        ("a.csv", CSV.replace("2,3", "2,x"), r"a.csv, line 3: 'x' is no time in seconds"),
        ("a.csv", CSV.replace("2,3", "-2,3"), r"a.csv, line 3: '-2' is no time in seconds"),
        ("a.csv", CSV.replace("2,3", "2,1.5"), r"line 3: ends at 1.5 s, before its begin at 2 s"),
        ("a.csv", CSV.replace("4,4.3", "1,4.3"), r"line 4: begins at 1 s.*begins at 2 s"),
        ("a.csv", "time,what\n1,2\n", r"line 1: the columns must be word_start.*'time,what'"),
        ("a.csv", "word,start,end\n", "a.csv holds no times"),
        ("a.lrc", "hello world\n", "a.lrc holds no times"),
        ("a.json", '[{"word": "hello", "start": 1, "end": 2},\n{"start": 1}]', "word 2: must have"),
        ("a.json", '[{"word": "hello",\n "start": 1,, "end": 2}]', "a.json, line 2: no JSON"),
        ("a.json", '{"a": 1}', "must be a list of"),
        ("a.json", json.dumps([{"word": "word", "start": 1, "end": 2}]),
         "a.json, word 1: found 'word', but line 1 of the lyrics has 'Hello,'"),
        ("a.srt", "1", "must be a name ending in .lrc, .json, .csv"),
    ],
)  # fmt: skip
def test_faults_are_named_with_file_and_line(tmp_path, name, text, message):
    with pytest.raises(LyricsError, match=message):
        read_times(write(tmp_path, name, text), LYRICS)


def test_missing_files_and_other_things_are_refused(tmp_path):
    with pytest.raises(LyricsError, match="must be a text file. .No such file"):
        read_times(tmp_path / "nothing.lrc")
    with pytest.raises(LyricsError, match="must be the name of a file of times"):
        read_times(7)
    (tmp_path / "a.lrc").write_bytes(bytes(range(256)))
    with pytest.raises(LyricsError, match="it is no text"):
        read_times(tmp_path / "a.lrc")


@pytest.mark.parametrize(
    "shape",
    [
        lambda words: words,
        lambda words: {"words": words},
        lambda words: {"segments": [{"words": words[:2]}, {"words": words[2:]}]},
    ],
)
def test_lists_of_words_in_json(tmp_path, shape):
    rows = [line.split(",") for line in CSV.split("\n")[1:-1]]
    words = [{"word": w, "start": float(a), "end": float(b)} for w, a, b in rows]
    path = write(tmp_path, "a.json", json.dumps(shape(words)))
    times = read_times(path, LYRICS)
    again = read_times(write(tmp_path, "a.csv", CSV), LYRICS)
    assert np.array_equal(times.starts, again.starts, equal_nan=True)


def test_our_own_alignment_comes_back(tmp_path):
    weights = np.zeros((60, 5), np.float32)
    for frame in range(60):
        weights[frame, min(frame // 10, 4)] = 1
    alignment = Alignment((weights, weights), 0.1, ("ab cd", "ef gh"), 0, 0)
    path = write(tmp_path, "a.json", json.dumps(alignment.to_json()))
    for sample, lyrics in ((0, None), (1, "ef gh")):
        times = read_times(path, lyrics)
        truth = alignment.character_times(sample)
        letters = [0, 1, 3, 4]
        assert times.lyrics == alignment.lyrics[sample]
        assert np.allclose(times.starts[letters], truth[letters, 0], atol=1e-4)
        assert np.allclose(times.ends[letters], truth[letters, 1], atol=1e-4)
        assert np.isnan(times.starts[2])


def test_words_that_an_alignment_did_not_reach_have_no_times(tmp_path):
    word = {"text": "ab", "start": 0.0, "end": 1.0, "first_char": 0, "last_char_end": 2}
    late = {"text": "cd", "start": 1.0, "end": 1.0, "first_char": 3, "last_char_end": 5}
    about = {"lyrics": "ab cd", "words": [word, late], "characters": [[0, 1]] * 5}
    times = read_times(write(tmp_path, "a.json", json.dumps({"samples": [about]})))
    assert times.known.tolist() == [0, 1]


def test_a_songbook_song_written_as_lrc_gives_its_words_their_lines(tmp_path):
    song = make_song(3, seconds=8.0)
    rows = [f"{w.text},{w.start},{w.end}" for w in song.words]
    path = write(tmp_path, "a.csv", "\n".join(["word,start,end", *rows]))
    times = read_times(path, song.lyrics)
    for word in song.words:
        middle = times.characters_at(np.array([(word.start + word.end) / 2]))[0]
        assert word.first_char <= middle < word.last_char_end


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_that_bytes_tell(tmp_path, encoding):
    times = read_times(write(tmp_path, "a.lrc", "[00:01]été\r\n[00:02]là\r\n", encoding))
    assert times.lyrics == "été\nlà" and times.notes == ()


def test_old_encodings_are_read_and_reported(tmp_path):
    times = read_times(write(tmp_path, "a.lrc", "[00:01]été", "latin-1"))
    assert times.lyrics == "été"
    assert len(times.notes) == 1 and "guessed (latin-1)" in times.notes[0]
    assert decode_text("“é”".encode("cp1252")).text == "“é”"
    assert not read_text(write(tmp_path, "b.txt", "plain")).guessed


def test_real_songs_have_a_time_for_each_letter(shared_folder):
    for path in sorted((shared_folder / "music").glob("*.words.csv")):
        lyrics = read_text(path.with_name(path.name.replace(".words.csv", ".txt"))).text
        times = read_times(path, lyrics)
        letters = [k for k, c in enumerate(lyrics) if c.isalnum()]
        assert times.known.tolist() == letters
        assert (np.diff(times.to_timings()[:, 0]) >= 0).all()
