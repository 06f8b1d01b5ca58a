"""The page: hostile text stays text, the same data gives the same bytes, nothing is loaded."""

from __future__ import annotations

import base64
import io
import json
import re
import runpy
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from jukebox_edu import page as room
from jukebox_edu.errors import AudioError, ConfigError, LyricsError, RunError, ShapeError
from jukebox_edu.page import CodeLane, Track, fragment, page, write_page
from jukebox_edu.page.payload import MAX_CODES, payload, peaks, pool
from jukebox_edu.page.sentences import alignment_sentence, lane_sentence, level_name, track_sentence
from jukebox_edu.page.sound import encode_mp3
from jukebox_edu.page.text import clean, escape, to_json
from jukebox_edu.page.words import word_times, words

synthetic = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("synthetic.py"))))

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "closes script": "</script><img src=x onerror=alert(1)>",
    "comment": "<!-- <script> -->",
    "double comment": "<!--<script>",
    "cdata": "<![CDATA[ x ]]>",
    "image": '"><img src=x onerror=alert(1)>',
    "attribute": "' onmouseover='alert(1)",
    "double quotes": 'say "hello" & go',
    "svg": "<svg/onload=alert(1)>",
    "frame": "<iframe src=javascript:alert(1)>",
    "closes the text": "</div></figure></main>",
    "closes the title": "</title><script>alert(1)</script>",
    "textarea": "</textarea><style>*{display:none}</style>",
    "style": "</style><script>alert(1)</script>",
    "entity": "&lt;b&gt; &amp; &#60; &nbsp;",
    "entity cut": "&#x3c;script&#x3e &",
    "backslashes": "\\u003c \\n \\\\ \\",
    "template": "${alert(1)} {{7*7}} `x`",
    "math": "$\\frac{1}{0}$ costs $5",
    "null": "a\x00b",
    "escape": "\x1b[31mred\x1b[0m",
    "carriage return": "one\r\ntwo\rthree",
    "all controls": "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "line separators": "one\u2028two\u2029three",
    "surrogate": "half \ud83d of a pair",
    "non-characters": "\ufffe\uffff\ufdd0\U0001ffff",
    "right to left": "שלום עולם مرحبا بالعالم",
    "override": "\u202egnp.exe",
    "isolates": "\u2066\u2067\u2068 never closed",
    "zero width": "a\u200bb\u200dc\ufeffd",
    "emoji": "🎵👩‍👩‍👧‍👦🇫🇷",
    "combining": "e\u0301 Z" + "\u0335" * 40,
    "scripts": "漢字かなカナ한국어 ไทย हिन्दी",
    "spaces": "  two  spaces\ttab \u00a0 ",
    "first newline": "\nstarts with a line end\n\n",
    "one word": "x" * 3000,
    "json": '{"a": [1, null]} //',
    "python": "{data} %s %(x)s {0}",
}
PLAIN = {
    "figure",
    "figcaption",
    "strong",
    "bdi",
    "p",
    "br",
    "audio",
    "details",
    "summary",
    "img",
    "div",
    "table",
    "tr",
    "th",
    "td",
    "em",
    "style",
    "script",
}


class Reader(HTMLParser):
    """Elements, attributes and text of a fragment."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag not in ("br", "img", "meta"):
            self._open.append(found.get("class") or tag)

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_data(self, data):
        for name in self._open:
            self.texts[name] = self.texts.get(name, "") + data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def tiny(**changes):
    """A song small enough to be written in a moment."""
    lyrics = changes.pop("lyrics", "la la")
    seconds, rate = 0.25, 8000
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, int(seconds * rate)).astype(np.float32)
    fields = {
        "tracks": (Track("bottom", noise, rate), Track("top", noise * 3, rate)),
        "codes": (
            CodeLane(0, np.arange(250), 8 / rate, 512),
            CodeLane(1, np.arange(62), 32 / rate, 512),
        ),
        "character_times": None,
        "alignment": None,
    }
    return synthetic.song(seconds, rate, lyrics, **{**fields, **changes})


def data_block(text: str) -> dict:
    """The JSON that the script will read."""
    return json.loads(re.search(r'class="jbx-data">(.*?)</script>', text, re.S).group(1))


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_shown_as_text(hostile):
    times = np.tile([0.0, 0.1], (len(hostile), 1))
    data = tiny(
        title=hostile,
        subtitle=hostile,
        lyrics=hostile,
        licence=hostile,
        facts=((hostile, hostile),),
        character_times=times,
    )
    text = fragment(data)
    text.encode("utf-8")
    read = Reader(text)
    assert {tag for tag, _ in read.elements} <= PLAIN
    assert len(read.named("script")) == 2 and len(read.named("img")) == 1
    assert not any(name.startswith("on") for _, attrs in read.elements for name in attrs)
    assert read.texts["jbx-lyrics"] == clean(hostile)
    assert read.texts["jbx-caption"] == clean(hostile) * 2
    assert read.texts["jbx-facts"].count(clean(hostile)) >= 3
    assert data_block(text)["lyrics"] == clean(hostile)
    assert len(clean(hostile)) == len(hostile)


def test_hostile_label_of_a_track_is_shown_as_text():
    noise = np.zeros(800, np.float32)
    label = "</p><script>alert(1)</script>\x07"
    read = Reader(fragment(tiny(tracks=(Track(label, noise, 8000),))))
    assert read.texts["jbx-track"].startswith(clean(label))
    assert len(read.named("script")) == 2


def test_controls_are_replaced_one_for_one_and_newline_and_tab_stay():
    assert clean("a\x00\r\n\t\x9f\ud800z") == "a\ufffd\ufffd\n\t\ufffd\ufffdz"
    assert escape("<\"'&>") == "&lt;&quot;&#x27;&amp;&gt;"


def test_json_can_stand_inside_a_script_element():
    nasty = "</script><!-- & \u2028\u2029 '"
    written = to_json({"text": nasty})
    assert not re.search("[<>&\u2028\u2029]", written)
    assert json.loads(written) == {"text": nasty}


def test_same_data_gives_same_bytes():
    assert fragment(synthetic.song(2.0)) == fragment(synthetic.song(2.0))


@pytest.mark.parametrize("rate", [16000, 44100])
def test_ten_seconds_and_three_levels_fit_in_a_megabyte(rate):
    assert len(page(synthetic.song(10.0, rate)).encode("utf-8")) <= 1_000_000


def test_nothing_is_loaded_and_nothing_has_an_id():
    text = re.sub(r"[A-Za-z0-9+/=]{60,}", "", page(tiny()))  # without the base64
    assert not re.search(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttp|WebSocket|import\(", text)
    read = Reader(text)
    for _, attrs in read.elements:
        assert "id" not in attrs and "href" not in attrs and "srcset" not in attrs
        assert attrs.get("src", "data:").startswith("data:")
        assert "autoplay" not in attrs
    assert "default-src 'none'" in text


def test_document_says_its_language_encoding_and_title():
    text = page(tiny(title="a < b"), language="es")
    assert text.startswith('<!DOCTYPE html>\n<html lang="es">\n<head>\n<meta charset="utf-8">')
    assert "<title>a &lt; b</title>" in text and 'name="viewport"' in text
    assert len(Reader(text).named("h1")) == 1


def test_layers_are_there_without_script_style_class_and_role():
    data = synthetic.song(1.0)
    bare = re.sub(r"<(script|style).*?</\1>", "", fragment(data), flags=re.S)
    bare = re.sub(r' class="[^"]*"', "", bare)
    read = Reader(bare)
    sounds = read.named("audio")
    assert len(sounds) == 3 and all("controls" in attrs for attrs in sounds)
    assert all(attrs["src"].startswith("data:audio/wav;base64,") for attrs in sounds)
    (picture,) = read.named("img")
    assert picture["src"].startswith("data:image/png;base64,iVBOR")
    assert "Waveform" in picture["alt"] and "luna" in picture["alt"]
    assert data.lyrics in bare and "tiny-1" in bare and "do with it what you like" in bare
    assert str(data.codes[2].codes[49]) in bare
    tables = read.texts["table"]
    assert "brilla" in tables and "0.05" in tables


def test_sound_has_the_right_length_and_is_not_normalized():
    data = synthetic.song(2.0)
    for track in data.tracks:
        samples, rate = soundfile.read(io.BytesIO(encode_mp3(track)))
        assert rate == track.sample_rate and samples.size == track.samples.size
        expected = np.sqrt(np.mean(np.clip(track.samples, -1, 1) ** 2))
        assert np.sqrt(np.mean(samples**2)) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(("rate", "played"), [(7000, 8000), (15625, 16000), (96000, 48000)])
def test_rates_unknown_to_mp3_are_resampled(rate, played):
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    samples, found = soundfile.read(io.BytesIO(encode_mp3(Track("tone", tone, rate))))
    assert found == played and samples.size / found == pytest.approx(1.0, abs=0.01)
    assert np.argmax(np.abs(np.fft.rfft(samples[:played]))) == pytest.approx(440, abs=2)


def test_sound_is_encoded_at_a_constant_bit_rate():
    """A variable bit rate would put the browser up to 150 ms away from where it says it is."""
    head = encode_mp3(tiny().tracks[0])[:300]
    assert b"Info" in head and b"Xing" not in head


def test_clipping_is_counted_and_said():
    samples = np.array([0.0, 1.0, -1.0, 1.5, -2.0, 0.5, 0.5, 0.5], np.float32)
    track = Track("loud", samples, 8000)
    assert track.clipped_share == 0.25
    assert "25.00 % clipped" in track_sentence(track)
    assert "25.00 % clipped" in fragment(tiny(tracks=(track,)))
    assert "clipped" not in track_sentence(Track("quiet", samples[:3], 8000))


def test_payload_carries_codes_peaks_and_times_unchanged():
    data = synthetic.song(1.0)
    found = payload(data)
    assert [lane["label"] for lane in found["lanes"]] == [
        "top codes",
        "middle codes",
        "bottom codes",
    ]
    for lane, written in zip(data.lanes, found["lanes"], strict=True):
        codes = np.frombuffer(base64.b64decode(written["codes"]), "<u2")
        assert np.array_equal(codes, lane.codes) and written["step"] == 1
    assert found["times"][2] is None  # a space is not sung
    start, end = data.character_times[3]
    assert found["times"][3] == pytest.approx([1000 * start, 1000 * end], abs=0.5)
    json.dumps(found, allow_nan=False)


def test_long_lanes_are_thinned_by_a_whole_step():
    codes = np.arange(2 * MAX_CODES + 1)
    data = tiny(codes=(CodeLane(0, codes, 1e-5, 70_000),))
    (lane,) = payload(data)["lanes"]
    assert lane["step"] == 3 and lane["bytes"] == 4
    assert np.array_equal(np.frombuffer(base64.b64decode(lane["codes"]), "<u4"), codes[::3])


def test_peaks_hold_the_extremes_of_every_bin_and_are_clamped():
    samples = np.random.default_rng(0).normal(0, 0.6, 1001).astype(np.float32)
    found = peaks(samples, 10)
    assert found.shape == (10, 2)
    assert found[:, 1].max() == min(1.0, samples.max()) and found[:, 0].min() == max(
        -1.0, samples.min()
    )
    assert np.array_equal(peaks(samples[:4], 10)[:, 0], np.clip(samples[:4], -1, 1))


def test_pooling_keeps_a_thin_path():
    weights = np.eye(1000, dtype=np.float32)
    small = pool(weights, 50, 40)
    assert small.shape == (50, 40) and small.max() == 1.0
    assert (small.max(axis=1) == 1.0).all() and (small.max(axis=0) == 1.0).all()


def test_words_and_their_times():
    lyrics = "la  luna,\nno"
    assert [(w.start, w.end, w.text) for w in words(lyrics)] == [
        (0, 2, "la"),
        (4, 9, "luna,"),
        (10, 12, "no"),
    ]
    times = np.full((len(lyrics), 2), np.nan)
    times[4], times[7] = (1.0, 1.2), (1.5, 1.9)
    first, second, third = word_times(lyrics, times)
    assert (second.start_s, second.end_s) == (1.0, 1.9)
    assert np.isnan([first.start_s, third.end_s]).all()


def test_sentences_are_made_from_the_data():
    data = synthetic.song(1.0)
    assert "loudest at" in track_sentence(data.tracks[0])
    assert "silence" in track_sentence(Track("none", np.zeros(8000, np.float32), 8000))
    text = lane_sentence(data.codes[2], 3)
    assert f"{data.codes[2].codes.size:,}" in text and "(top)" in text and "of 1,024" in text
    assert "from character 1 at 0.0 s" in alignment_sentence(data)
    assert f"to character {len(data.lyrics)} of {len(data.lyrics)}" in alignment_sentence(data)
    assert [level_name(i, 4) for i in range(4)] == ["bottom", "level 1", "level 2", "top"]
    assert level_name(0, 1) == "bottom"


def test_song_without_codes_lyrics_and_alignment_is_a_page_too():
    data = tiny(codes=(), lyrics="", subtitle="", facts=(), licence="", tracks=tiny().tracks[:1])
    read = Reader(fragment(data))
    assert len(read.named("audio")) == 1 and not read.named("details")
    assert "jbx-lyrics" not in {attrs.get("class") for _, attrs in read.elements}


def test_page_is_written_whole_or_not_at_all(tmp_path):
    target = write_page(tmp_path / "song.html", tiny())
    assert target.read_text(encoding="utf-8") == page(tiny())
    with pytest.raises(RunError, match="path=.*must be a file in a folder that exists"):
        write_page(tmp_path / "absent" / "song.html", tiny())
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="folder that exists"):
        write_page(tmp_path / "folder", tiny())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "song.html"]


GOOD = np.zeros(8, np.float32)


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (
            lambda: Track("x", np.zeros((2, 8), np.float32), 8000),
            ShapeError,
            "samples=.*Mix to mono",
        ),
        (lambda: Track("x", GOOD[:0], 8000), AudioError, "at least one sample"),
        (lambda: Track("x", np.zeros(8, np.int16), 8000), AudioError, "Scale integers"),
        (lambda: Track("x", GOOD + np.nan, 8000), AudioError, "finite numbers"),
        (lambda: Track("x", GOOD, 0), ConfigError, "sample_rate=0: must be a positive"),
        (lambda: Track("x", GOOD, True), ConfigError, "sample_rate=True"),
        (lambda: CodeLane(-1, np.arange(4), 0.1, 8), ConfigError, "level=-1"),
        (lambda: CodeLane(0, np.arange(4), 0.0, 8), ConfigError, "hop_seconds=0.0"),
        (lambda: CodeLane(0, np.arange(9), 0.1, 8), ShapeError, "codes='0 to 8'.*= 7"),
        (lambda: CodeLane(0, np.zeros(4), 0.1, 8), ShapeError, "must be integers"),
        (lambda: CodeLane(0, np.zeros((1, 4), int), 0.1, 8), ShapeError, r"shape \(tokens,\)"),
        (lambda: tiny(tracks=()), ConfigError, "at least one Track"),
        (lambda: tiny(character_times=np.zeros((2, 2))), LyricsError, r"\(5, 2\).*each character"),
        (lambda: tiny(character_times=np.tile([1.0, 0.5], (5, 1))), LyricsError, "start <= end"),
        (lambda: tiny(character_times=np.full((5, 2), np.inf)), LyricsError, "infinite"),
        (lambda: tiny(alignment=np.ones((3, 4))), ShapeError, "one column for each character"),
        (lambda: tiny(alignment=-np.ones((3, 5))), ShapeError, "negative weights"),
        (
            lambda: tiny(alignment=np.ones((3, 5)), alignment_hop_seconds=0.0),
            ConfigError,
            "alignment_hop_seconds=0.0",
        ),
    ],
)
def test_wrong_data_is_refused_with_a_reason(make, error, match):
    with pytest.raises(error, match=match):
        make()


def test_room_offers_what_it_promises():
    names = {"CodeLane", "PageData", "Player", "Track", "fragment", "page", "write_page"}
    assert set(room.__all__) == names
