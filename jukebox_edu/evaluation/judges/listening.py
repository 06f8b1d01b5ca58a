"""What the judges heard in some songs, compared with what was asked for.

What
    `Listening` collects songs of one kind (real ones, those through a level of a codec, those a
    model sang) and turns into figures: phone errors and their parts, words, voice, style, pitch,
    each beside chance. Chance for words is the same sound scored against another song's lyrics.
    Songs for the voice alone and songs with a band are told apart, and so are the voices.
Conventions
    Figures are means over songs.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from jukebox_edu.evaluation.intervals import Estimate, estimate
from jukebox_edu.evaluation.judges.features import log_mel
from jukebox_edu.evaluation.judges.panel import Heard, Judges
from jukebox_edu.evaluation.judges.phone_errors import edit_counts, phones_of_words, word_recall
from jukebox_edu.evaluation.judges.pitch import share_in_scale, shuffled_share, track_pitch
from jukebox_edu.songbook import STYLES

ALONE, BAND = "voice alone", "with a band"  # names of groups; the others are voices


@dataclass(frozen=True)
class Request:
    """A song that is asked for.

    Lesson: notebooks/13_measure_it.ipynb
    """

    lyrics: str  # all of them sung within the song
    artist: str
    genre: str
    seconds: float  # length of the song


@dataclass(frozen=True)
class GroupFigures:
    """Some of the songs: those for the voice alone, those with a band, or those of one voice.

    Lesson: notebooks/13_measure_it.ipynb
    """

    name: str  # "voice alone", "with a band", or a voice
    phone_errors: Estimate  # phone error rate against the lyrics asked for
    deletions: Estimate  # its part that is not heard at all
    words: Estimate  # share of words of which every phone is heard
    voice: Estimate  # share of songs whose voice is recognised
    style: Estimate  # share of songs whose style is recognised


@dataclass(frozen=True)
class PanelFigures:
    """What one panel of judges heard in some songs.

    Lesson: notebooks/13_measure_it.ipynb
    """

    phone_errors: Estimate  # phone error rate against the lyrics asked for
    substitutions: Estimate  # its first part, per phone asked for
    deletions: Estimate  # its second part
    insertions: Estimate  # its third part
    other_lyrics: Estimate | None  # error rate against another song's lyrics: chance
    words: Estimate  # share of words of which every phone is heard
    other_words: Estimate | None  # the same for another song's lyrics: chance
    voice: Estimate  # share of songs whose voice is recognised
    style: Estimate  # share of songs whose style is recognised
    per_song: tuple[float, ...]  # phone error rate of each song
    groups: tuple[GroupFigures, ...] = ()  # alone, with a band, then each voice, if there are any

    def group(self, name: str) -> GroupFigures | None:
        """Figures of one group; None if there was no song of it.

        Lesson: notebooks/13_measure_it.ipynb
        """
        return next((found for found in self.groups if found.name == name), None)


@dataclass(frozen=True)
class PitchFigures:
    """How much is sung in tune.

    Lesson: notebooks/13_measure_it.ipynb
    """

    voiced: Estimate  # share of frames in which a pitch is heard
    in_scale: Estimate  # share of those within 50 cents of the best major scale
    shuffled: Estimate  # the same when each note is moved evenly within an octave: chance


@dataclass(frozen=True)
class SungFigures:
    """Figures of songs of one kind.

    Lesson: notebooks/13_measure_it.ipynb
    """

    sound: str  # which songs, in words
    clean: PanelFigures  # judges trained on clean songs
    tuned: PanelFigures | None  # judges tuned on codec output
    pitch: PitchFigures | None  # None: not asked for, or no pitch was heard

    @property
    def best(self) -> PanelFigures:
        """By the tuned judges if there are any: what a sound that left a codec is judged by."""
        return self.clean if self.tuned is None else self.tuned


@dataclass(eq=False)
class Listening:
    """What was heard in songs of one kind; grows with every `listen`.

    Lesson: notebooks/13_measure_it.ipynb
    """

    judges: Judges
    clean: list[Heard] = field(default_factory=list)
    tuned: list[Heard] = field(default_factory=list)
    pitches: list[np.ndarray] = field(default_factory=list)  # (frames,) MIDI numbers each

    def listen(self, sound: np.ndarray, sample_rate: int, *, pitch: bool = True) -> None:
        """Hear one song (samples,); `pitch` follows its pitch, too, which takes longest.

        Lesson: notebooks/13_measure_it.ipynb
        """
        mel = log_mel(sound, sample_rate)
        self.clean.append(self.judges.clean.hear(mel))
        if self.judges.tuned is not None:
            self.tuned.append(self.judges.tuned.hear(mel))
        if pitch:
            self.pitches.append(track_pitch(sound, sample_rate))

    def in_order(self, order: Sequence[int]) -> Listening:
        """Put the k-th song heard at place ``order[k]``, where its request stands.

        Lesson: notebooks/13_measure_it.ipynb
        """
        back = np.argsort(order).tolist()
        rows = (self.clean, self.tuned, self.pitches)
        return Listening(self.judges, *([row[k] for k in back] if row else [] for row in rows))

    def figures(self, sound: str, requests: Sequence[Request]) -> SungFigures:
        """Compare with what was asked for, one request per song heard.

        Lesson: notebooks/13_measure_it.ipynb
        """
        return SungFigures(
            sound,
            panel_figures(self.clean, requests),
            panel_figures(self.tuned, requests) if self.tuned else None,
            pitch_figures(self.pitches),
        )


def other_songs(requests: Sequence[Request]) -> list[int] | None:
    """For each song the next one with other lyrics; None if there is none.

    Lesson: notebooks/13_measure_it.ipynb
    """
    n, others = len(requests), []
    for i in range(n):
        later = [(i + k) % n for k in range(1, n)]
        found = [k for k in later if requests[k].lyrics != requests[i].lyrics]
        if not found:
            return None
        others.append(found[0])
    return others


def panel_figures(heard: Sequence[Heard], requests: Sequence[Request]) -> PanelFigures:
    """Figures of what a panel heard, one `Heard` per request.

    Lesson: notebooks/13_measure_it.ipynb
    """
    asked = [phones_of_words(request.lyrics) for request in requests]
    counts = [edit_counts(a.phones, h.phones) for a, h in zip(asked, heard, strict=True)]
    others = other_songs(requests)
    other_lyrics = other_words = None
    if others is not None:
        wrong = [asked[k] for k in others]
        found = [edit_counts(a.phones, h.phones) for a, h in zip(wrong, heard, strict=True)]
        other_lyrics = estimate([count.rate for count in found])
        other_words = estimate(list(map(word_recall, wrong, found)))
    told = list(zip(heard, requests, strict=True))
    values = {  # one per song
        "phone_errors": [c.rate for c in counts],
        "deletions": [c.deletions / max(1, c.n_reference) for c in counts],
        "words": list(map(word_recall, asked, counts)),
        "voice": [float(h.voice == r.artist) for h, r in told],
        "style": [float(h.style == r.genre) for h, r in told],
    }
    return PanelFigures(
        **{name: estimate(found) for name, found in values.items()},
        substitutions=estimate([c.substitutions / max(1, c.n_reference) for c in counts]),
        insertions=estimate([c.insertions / max(1, c.n_reference) for c in counts]),
        other_lyrics=other_lyrics,
        other_words=other_words,
        per_song=tuple(round(c.rate, 4) for c in counts),
        groups=_groups(values, requests),
    )


def is_alone(request: Request) -> bool:
    """Whether a song is for the voice alone: its style has no band.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return request.genre in STYLES and STYLES[request.genre].alone


def _groups(
    values: Mapping[str, Sequence[float]], requests: Sequence[Request]
) -> tuple[GroupFigures, ...]:
    """The same figures, group by group; groups without any song are left out."""
    of = [(ALONE if is_alone(request) else BAND, request.artist) for request in requests]
    names = [ALONE, BAND, *sorted({artist for _, artist in of})]
    members = {name: [i for i, own in enumerate(of) if name in own] for name in names}
    return tuple(
        GroupFigures(
            name, **{key: estimate([row[i] for i in chosen]) for key, row in values.items()}
        )
        for name, chosen in members.items()
        if chosen
    )


def pitch_figures(pitches: Sequence[np.ndarray], seed: int = 0) -> PitchFigures | None:
    """Figures of the pitches (frames,) of some songs; songs without any pitch are left out.

    Lesson: notebooks/13_measure_it.ipynb
    """
    random = np.random.default_rng(seed)
    voiced = [song for song in pitches if np.isfinite(song).any()]
    if not voiced:
        return None
    return PitchFigures(
        voiced=estimate([float(np.isfinite(song).mean()) for song in pitches]),
        in_scale=estimate([share_in_scale(song) for song in voiced]),
        shuffled=estimate([shuffled_share(song, random) for song in voiced]),
    )
