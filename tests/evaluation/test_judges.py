"""The judges: laws of their arithmetic, and what goes to the disk and back."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest
import torch

from jukebox_edu.errors import AudioError, CheckpointError, ConfigError
from jukebox_edu.evaluation.judges import (
    ClassifierConfig,
    Judges,
    Panel,
    Recogniser,
    RecogniserConfig,
    edit_counts,
    likeliest_phones,
    load_judges,
    log_mel,
    phones_heard,
    save_judges,
    word_recall,
)
from jukebox_edu.evaluation.judges.files import FOLDER_VARIABLE, PanelConfig, new_panel
from jukebox_edu.evaluation.judges.listening import (
    Listening,
    Request,
    other_songs,
    panel_figures,
    pitch_figures,
)
from jukebox_edu.evaluation.judges.panel import Heard
from jukebox_edu.evaluation.judges.phone_errors import phones_of_words
from jukebox_edu.evaluation.judges.pitch import (
    MAJOR,
    notes_of,
    share_in_scale,
    shuffled_share,
    track_pitch,
)
from jukebox_edu.evaluation.singing import measure_singing, requests_of
from jukebox_edu.songbook import PHONES, STYLES, VOICES, make_song

SMALL = PanelConfig(
    RecogniserConfig(8, (1, 2)),
    1.0,
    ClassifierConfig(tuple(VOICES), 6, (1,)),
    ClassifierConfig(tuple(STYLES), 6, (1,)),
)


@pytest.fixture
def panel() -> Panel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return new_panel(SMALL)


# ---- phones -----------------------------------------------------------------------------------


def brute_distance(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """Edit distance by its definition."""
    if not a or not b:
        return len(a) + len(b)
    ways = (
        brute_distance(a[1:], b[1:]) + (a[0] != b[0]),
        brute_distance(a[1:], b) + 1,
        brute_distance(a, b[1:]) + 1,
    )
    return min(ways)


@pytest.mark.parametrize("seed", range(30))
def test_edit_distance_is_that_of_the_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = (tuple(random.integers(1, 4, random.integers(0, 6)).tolist()) for _ in range(2))
    counts = edit_counts(a, b)
    changes = counts.substitutions + counts.deletions + counts.insertions
    assert changes == brute_distance(a, b)
    assert len(a) - counts.deletions == len(b) - counts.insertions  # phones that have a partner
    assert sum(counts.matched) == len(a) - counts.deletions - counts.substitutions
    back = edit_counts(b, a)
    assert back.substitutions + back.deletions + back.insertions == changes


def test_edits_are_told_apart() -> None:
    assert edit_counts((1, 2, 3), (1, 2, 3)).rate == 0
    assert edit_counts((1, 2, 3), ()).deletions == 3
    assert edit_counts((), (1, 2)).insertions == 2
    assert edit_counts((1, 2, 3), (1, 9, 3)).matched == (True, False, True)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("penalty", [0.0, 0.7, 3.0])
def test_viterbi_finds_the_best_of_all_paths(seed: int, penalty: float) -> None:
    scores = np.random.default_rng(seed).normal(size=(5, 3))

    def worth(path: tuple[int, ...]) -> float:
        changes = sum(a != b for a, b in itertools.pairwise(path))
        return sum(scores[t, p] for t, p in enumerate(path)) - penalty * changes

    best = max(itertools.product(range(3), repeat=5), key=worth)
    found = tuple(likeliest_phones(scores, penalty).tolist())
    assert worth(found) == pytest.approx(worth(best))


def test_a_perfect_recogniser_makes_no_error() -> None:
    """Frames of the true phones give back exactly what the lyrics ask for."""
    for seed, lyrics in ((3, None), (4, "moon night\nred dear sun"), (5, "Silent night, no one")):
        song = make_song(seed, seconds=None if lyrics else 8.0, lyrics=lyrics, band_gain=0.0)
        numbers = [PHONES.index(phone.phone) for phone in song.phones]
        asked = phones_of_words(song.lyrics)
        counts = edit_counts(asked.phones, phones_heard(np.repeat(numbers, 3)))
        assert counts.rate == 0
        assert word_recall(asked, counts) == 1


def test_words_share_a_phone_between_them() -> None:
    asked = phones_of_words("moon night")
    names = [PHONES[phone] for phone in asked.phones]
    assert names == ["M", "UW", "N", "AY", "T"]
    assert asked.words == ((0, 3), (2, 5))
    lost = edit_counts(asked.phones, [asked.phones[k] for k in (0, 1, 3, 4)])
    assert word_recall(asked, lost) == 0  # the one N was needed by both
    assert word_recall(asked, edit_counts(asked.phones, asked.phones[:3])) == 0.5
    assert word_recall(phones_of_words("..."), edit_counts((), (1,))) == 0


def test_the_recogniser_reaches_a_quarter_of_a_second() -> None:
    recogniser = Recogniser(RecogniserConfig()).eval()
    mel = torch.randn(1, 64, 80, generator=torch.Generator().manual_seed(0)).requires_grad_()
    recogniser(mel)[0, :, 40].square().sum().backward()
    touched = mel.grad[0].abs().sum(0).nonzero().flatten()
    assert touched.min() == 40 - recogniser.reach and touched.max() == 40 + recogniser.reach
    assert 0.2 < recogniser.reach * 0.016 < 0.35


# ---- sound ------------------------------------------------------------------------------------


def test_mel_bands_know_no_loudness_and_count_frames() -> None:
    sound = np.random.default_rng(0).normal(size=16000).astype(np.float32)
    loud, quiet = log_mel(sound), log_mel(0.01 * sound)
    assert loud.shape == (64, 63)  # the last frame is begun
    torch.testing.assert_close(loud, quiet, atol=1e-3, rtol=0)
    assert log_mel(sound[:8000], 8000).shape == (64, 63)
    assert log_mel(sound[:10]).shape == (64, 1)


def test_a_tick_is_heard_in_its_own_frame() -> None:
    sound = np.zeros(16000, np.float32)
    sound[30 * 256 + 128] = 1.0
    assert int(log_mel(sound).sum(0).argmax()) == 30


@pytest.mark.parametrize("sound", [np.zeros((2, 100)), np.zeros(0), np.full(2000, np.nan)])
def test_no_sound_is_refused(sound: np.ndarray) -> None:
    with pytest.raises(AudioError, match="sound="):
        log_mel(sound)


# ---- pitch ------------------------------------------------------------------------------------


def tones(midi: np.ndarray, seconds: float = 0.25) -> np.ndarray:
    """A sawtooth-like voice that sings some notes."""
    n = int(16000 * seconds)
    hertz = np.repeat(440 * 2 ** ((midi - 69) / 12), n)
    phase = 2 * np.pi * np.cumsum(hertz) / 16000
    return sum(np.sin(k * phase) / k for k in range(1, 6)).astype(np.float32) / 3


def test_tones_of_a_scale_lie_in_it() -> None:
    midi = 50 + np.array(MAJOR)
    pitches = track_pitch(tones(midi))
    assert np.isfinite(pitches).mean() > 0.8
    assert share_in_scale(pitches, key=50) > 0.9  # the rest are glides from tone to tone
    assert share_in_scale(pitches) >= share_in_scale(pitches, key=62) > 0.9
    assert share_in_scale(pitches, key=51) < 0.5


def test_a_soft_hum_in_a_pause_is_no_note() -> None:
    note, hum = tones(np.array([57.0]), 0.5), tones(np.array([59.2]), 0.5)
    for level, heard in ((0.004, False), (0.1, True)):
        pitches = track_pitch(np.concatenate([note, level * hum]))
        later = pitches[len(pitches) // 2 + 4 : -4]
        assert np.isfinite(pitches[4 : len(pitches) // 2 - 4]).all()
        assert bool(np.isfinite(later).any()) == heard


def test_even_pitches_lie_in_a_scale_by_chance() -> None:
    pitches = np.random.default_rng(0).uniform(40, 64, 20000)
    assert share_in_scale(pitches, key=48) == pytest.approx(7 / 12, abs=0.02)
    assert share_in_scale(pitches) == pytest.approx(7 / 12, abs=0.03)
    assert share_in_scale(pitches) >= share_in_scale(pitches, key=48)


def test_moving_the_notes_of_a_tune_gives_chance() -> None:
    random = np.random.default_rng(0)
    tune = np.repeat(48 + np.array(MAJOR)[random.integers(7, size=30)], 10).astype(float)
    assert share_in_scale(tune) == 1
    assert shuffled_share(tune, random, key=48) == pytest.approx(7 / 12, abs=0.05)
    assert 7 / 12 < shuffled_share(tune, random) < 0.85  # chance may choose its scale, too


def test_notes_end_at_jumps_and_pauses() -> None:
    pitches = np.array([50, 50.3, 52, 52, np.nan, 52, 52.1])
    notes = notes_of(pitches)
    assert notes[0] == notes[1] != notes[2] == notes[3] != notes[5] == notes[6]


def test_silence_has_no_pitch() -> None:
    nothing = np.full(10, np.nan)
    assert share_in_scale(nothing) == 0
    assert pitch_figures([nothing]) is None
    figures = pitch_figures([nothing, np.full(10, 60.0)])
    assert (figures.voiced.mean, figures.in_scale.n) == (0.5, 1)


# ---- figures ----------------------------------------------------------------------------------


def test_figures_of_a_perfect_and_of_a_deaf_judge() -> None:
    requests = [
        Request("red sun", "Bruno Deep", "waltz", 3.0),
        Request("blue moon light", "Teo Bright", "folk", 3.0),
    ]
    asked = [phones_of_words(request.lyrics).phones for request in requests]
    perfect = [Heard(p, r.artist, r.genre) for p, r in zip(asked, requests, strict=True)]
    figures = panel_figures(perfect, requests)
    assert (figures.phone_errors.mean, figures.words.mean, figures.voice.mean) == (0, 1, 1)
    assert figures.other_lyrics.mean > 0.7 and figures.other_words.mean == 0
    deaf = panel_figures([Heard((), "Teo Bright", "folk")] * 2, requests)
    assert (deaf.phone_errors.mean, deaf.deletions.mean, deaf.words.mean) == (1, 1, 0)
    assert (deaf.voice.mean, deaf.style.mean) == (0.5, 0.5)


def test_the_voice_alone_and_the_band_are_told_apart() -> None:
    """Groups are those of the style and of the voice; together they are all songs."""
    asked = [("Bruno Deep", "a cappella"), ("Bruno Deep", "waltz"), ("Teo Bright", "folk")]
    requests = [Request("red sun", artist, genre, 3.0) for artist, genre in asked]
    perfect = Heard(phones_of_words("red sun").phones, "Bruno Deep", "waltz")
    figures = panel_figures([perfect, Heard((), "Teo Bright", "folk"), perfect], requests)
    errors = {group.name: group.phone_errors.mean for group in figures.groups}
    assert errors == {"voice alone": 0, "with a band": 0.5, "Bruno Deep": 0.5, "Teo Bright": 0}
    sizes = [group.phone_errors.n for group in figures.groups]
    assert sizes == [1, 2, 2, 1]
    assert figures.group("with a band").deletions.mean == 0.5
    assert figures.group("Teo Bright").style.mean == 0 and figures.group("Alma Warm") is None


def test_songs_are_put_back_in_order(panel: Panel) -> None:
    listening = Listening(Judges(panel), clean=[Heard((k,), "", "") for k in range(4)])
    back = listening.in_order([2, 0, 3, 1])  # the first song heard belongs at place 2
    assert [heard.phones for heard in back.clean] == [(1,), (3,), (0,), (2,)]
    assert back.tuned == [] and back.pitches == []


def test_other_lyrics_are_other_lyrics() -> None:
    def request(lyrics: str) -> Request:
        return Request(lyrics, "", "", 1.0)

    assert other_songs([request(x) for x in "aab"]) == [2, 2, 0]
    assert other_songs([request("a")] * 2) is None
    figures = panel_figures([Heard((), "", "")], [request("a")])
    assert figures.other_lyrics is None


def test_listening_to_a_model(model, songs, panel: Panel) -> None:
    """Every level of every song is heard; the parts of an error rate add up."""
    figures = measure_singing(
        model, songs[:3], Judges(panel, panel, "nobody"), batch=2, pitch=False, progress=False
    )
    assert figures.levels == tuple(range(model.levels))
    assert len(figures.sampled) == model.levels and len(figures.codec) == model.vqvae.levels
    for part in (figures.real, *figures.codec, *figures.sampled):
        assert part.clean == part.tuned and len(part.clean.per_song) == 3
        parts = (part.clean.substitutions, part.clean.deletions, part.clean.insertions)
        assert sum(p.mean for p in parts) == pytest.approx(part.clean.phone_errors.mean)
    asked = [dataclasses.replace(r) for r in requests_of(songs[:2], model)]
    top = measure_singing(model, asked, Judges(panel), levels=(model.levels - 1,), pitch=False,
                          progress=False)  # fmt: skip
    assert top.real is None and top.codec == () and top.sampled[0].tuned is None


def test_songs_without_words_are_refused(model) -> None:
    with pytest.raises(ConfigError, match="lyrics of a song=.*words that can be sung"):
        requests_of([Request("...", "", "", 3.0)], model)
    with pytest.raises(ConfigError, match="songs=.*at least one song"):
        requests_of([], model)


def test_listening_follows_the_pitch(panel: Panel) -> None:
    listening = Listening(Judges(panel))
    listening.listen(tones(np.array([50.0, 52.0, 54.0])), 16000)
    figures = listening.figures("tones", [Request("la la la", "Bruno Deep", "folk", 0.75)])
    assert figures.pitch.in_scale.mean > 0.85 and figures.sound == "tones"


# ---- files ------------------------------------------------------------------------------------


def test_judges_come_back_from_the_disk(tmp_path, panel: Panel) -> None:
    other = dataclasses.replace(new_panel(SMALL), penalty=2.5)
    save_judges(tmp_path, Judges(panel, other, "a codec"))
    again = load_judges(tmp_path)
    assert (again.codec, again.tuned.penalty) == ("a codec", 2.5)
    mel = log_mel(tones(np.array([50.0, 57.0])))
    before, after = (p.recogniser(mel[None]) for p in (panel, again.clean))
    torch.testing.assert_close(before, after, atol=5e-3, rtol=0)
    save_judges(tmp_path / "twice", again)
    for name in ("clean", "tuned"):
        files = [(f / f"{name}.safetensors").read_bytes() for f in (tmp_path, tmp_path / "twice")]
        assert files[0] == files[1]
    assert load_judges(tmp_path / "twice").clean.hear(mel) == again.clean.hear(mel)


def test_the_variable_names_the_folder(tmp_path, panel: Panel, monkeypatch) -> None:
    save_judges(tmp_path, Judges(panel))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert load_judges().tuned is None


def test_missing_judges_say_how_to_get_them(tmp_path) -> None:
    with pytest.raises(CheckpointError, match="no judges in .*train them: python -m jukebox_edu"):
        load_judges(tmp_path)


def test_damaged_judges_are_refused(tmp_path, panel: Panel) -> None:
    save_judges(tmp_path, Judges(panel))
    config = json.loads((tmp_path / "config.json").read_text())
    changed = json.loads(json.dumps(config))
    changed["clean"]["recogniser"]["width"] = 16
    (tmp_path / "config.json").write_text(json.dumps(changed))
    with pytest.raises(CheckpointError, match="has shape .*Copy both again"):
        load_judges(tmp_path)
    for change, message in (
        ({"format": 9}, "format=9"),
        ({"phones": ["A"]}, "those of this songbook"),
        ({"clean": 3}, "damaged"),
    ):
        (tmp_path / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(CheckpointError, match=message):
            load_judges(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "clean.safetensors").write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="damaged or no safetensors file"):
        load_judges(tmp_path)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RecogniserConfig(width=100000),
        lambda: RecogniserConfig(dilations=()),
        lambda: ClassifierConfig(("one", "one")),
        lambda: dataclasses.replace(SMALL, penalty=-1.0),
    ],
)
def test_absurd_shapes_are_refused(make) -> None:
    with pytest.raises(ConfigError, match="must be"):
        make()
