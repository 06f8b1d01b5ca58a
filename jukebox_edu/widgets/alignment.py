"""Who sings what when: attention over the lyrics as a picture, as karaoke, and against the truth.

What
    The heat map shows which characters the top prior looks at while it reads its own codes; the
    player lights the word that is sung. Every layer and head that reaches the lyrics can be
    looked at: most do not follow the words, one or two do. Where the true times are known, they
    are drawn over the map, and the distance is measured word by word.
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets
import numpy as np

from jukebox_edu.alignment import Alignment, align
from jukebox_edu.alignment.reading import lyric_layers
from jukebox_edu.errors import LyricsError, must
from jukebox_edu.labels.times import LyricTimes, times_from_words
from jukebox_edu.page import PageData, Player
from jukebox_edu.page.sentences import alignment_sentence
from jukebox_edu.page.words import word_times
from jukebox_edu.plotting import alignment_figure
from jukebox_edu.song import Song
from jukebox_edu.song.showing import page_data
from jukebox_edu.widgets.base import Panel, View, labelled
from jukebox_edu.widgets.excerpt import excerpt, room_for
from jukebox_edu.widgets.pieces import paragraph, picture, table, whole

CLOSE_SECONDS = 0.3  # a word that begins this near to the truth counts as hit
ATTENTION, TRUTH = "the attention", "the true times"


@dataclass(frozen=True)
class WordError:
    """One word: when the alignment has it begin, and when it really does."""

    text: str
    begin: float  # seconds, from the attention
    truth: float  # seconds

    @property
    def late(self) -> float:
        """Seconds by which the alignment is late (negative: early)."""
        return self.begin - self.truth


class AlignmentView(Panel):
    """Attention over the lyrics, as a picture and as karaoke.

    Parameters
    ----------
    song
        With lyrics, and its model or a stored alignment.
    truth
        When the lyrics are really sung, if known: `LyricTimes`, or (characters, 2) seconds.
    sample
        Which song of a batch.

    Attributes
    ----------
    alignment
        Of the chosen layer and head, an `Alignment` of this one sample.
    errors
        Of every word whose true time is known, a `WordError`.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def __init__(
        self, song: Song, truth: LyricTimes | np.ndarray | None = None, sample: int = 0
    ) -> None:
        found = song.alignment()
        self.song, self.sample = song, sample
        self.alignment = Alignment(
            (found.weights[sample],), found.hop_seconds, (found.lyrics[sample],),
            found.layer, found.head, found.ahead,
        )  # fmt: skip
        if not self.lyrics:
            raise LyricsError(must("sample", sample, "a song with lyrics"))
        self.truth = None if truth is None else _truth(truth, self.lyrics)
        self._known = {(found.layer, found.head): self.alignment}
        self._make_controls()
        super().__init__([[self.layer, self.head, self.karaoke], self.start])
        self.follow(self.layer, self.head, action=self.look)
        self.follow(self.karaoke, self.start)

    def _make_controls(self) -> None:
        layers: Sequence[int] = (self.alignment.layer,)
        heads: Sequence[int] = (self.alignment.head,)
        if self.song.model is not None:
            prior = self.song.model.priors[-1]
            layers, heads = lyric_layers(prior), range(prior.config.transformer.heads)
        narrow = labelled("9rem")
        self.layer = ipywidgets.Dropdown(
            options=list(layers), value=self.alignment.layer, description="Layer",
            disabled=len(layers) == 1, **narrow,
        )  # fmt: skip
        self.head = ipywidgets.Dropdown(
            options=list(heads), value=self.alignment.head, description="Head",
            disabled=len(heads) == 1, **narrow,
        )  # fmt: skip
        by = [ATTENTION] if self.truth is None else [ATTENTION, TRUTH]
        self.karaoke = ipywidgets.Dropdown(
            options=by, description="Karaoke by", disabled=len(by) == 1, **labelled("16rem")
        )
        song = self.song
        self._room = room_for(1, song.sample_rate, song.seconds)
        self.start = ipywidgets.FloatSlider(
            0.0, min=0.0, max=max(0.5, song.seconds - self._room), step=0.5,
            description="Play from (s)", continuous_update=False, **labelled("26rem"),
        )  # fmt: skip
        self.start.layout.display = "" if self._room < song.seconds else "none"

    def __repr__(self) -> str:
        truth = "" if self.truth is None else ", with true times"
        return f"AlignmentView({self.song!r}{truth})"

    @property
    def lyrics(self) -> str:
        """The words as the model read them."""
        return self.alignment.lyrics[0]

    def look(self) -> None:
        """Read the song with the chosen layer and head (once).

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        place = (self.layer.value, self.head.value)
        if place not in self._known:
            song, labels = self.song, self.song.labels
            codes = song.codes[-1][self.sample : self.sample + 1]
            one = labels.select([self.sample])  # type: ignore[union-attr]
            self._known[place] = align(
                song.model.priors[-1], codes, one, layer=place[0], head=place[1]
            )
        self.alignment = self._known[place]

    @property
    def errors(self) -> tuple[WordError, ...]:
        """How far every word is from its true time; empty if no time is known."""
        if self.truth is None:
            return ()
        true = word_times(self.lyrics, self.truth)
        found = self.alignment.word_times()
        return tuple(
            WordError(a.word.text, b.start, a.start_s)
            for a, b in zip(true, found, strict=True)
            if np.isfinite(a.start_s) and np.isfinite(b.start)
        )

    @property
    def data(self) -> PageData:
        """What is played: the finest level, the words with their times, the attention."""
        whole_song = page_data(self.song, self.sample, [self.song.finest])
        by_truth = self.karaoke.value == TRUTH
        data = PageData(
            whole_song.title,
            whole_song.tracks,
            subtitle=f"karaoke by {self.karaoke.value}",
            lyrics=self.lyrics,
            character_times=None if by_truth else self.alignment.character_times(),
            true_times=self.truth,
            alignment=self.alignment.weights[0],
            alignment_hop_seconds=self.alignment.hop_seconds,
            licence=whole_song.licence,
        )
        return excerpt(data, self.start.value, self._room)

    def view(self) -> View:
        """Heat map, figures, player."""
        found, data = self.alignment, self.data
        where = f"layer {found.layer}, head {found.head}"
        figure = alignment_figure(
            found.weights[0], self.lyrics, found.hop_seconds, self.truth,
            title=f"Attention over the lyrics, {where}",
        )  # fmt: skip
        words = f"{where[0].upper()}{where[1:]}: {self._sentence()}"
        alt = f"{alignment_sentence(data)} {words}"
        top = whole(picture(figure, alt), paragraph(words), self._table())
        return View(top + Player(data)._repr_mimebundle_()["text/html"], words)

    def _sentence(self) -> str:
        """How well this head follows, in words."""
        found = self.alignment
        text = (
            f"moves forward or rests in {100 * found.monotonicity():.0f} % of the steps, "
            f"{100 * found.confidence():.0f} % of its attention lies on one path through the text."
        )
        errors = np.array([error.late for error in self.errors])
        if not errors.size:
            return text
        near = int((np.abs(errors) <= CLOSE_SECONDS).sum())
        return (
            f"{text} Words begin {np.abs(errors).mean():.2f} s from their true time on average; "
            f"{near} of {errors.size} are within {CLOSE_SECONDS:g} s."
        )

    def _table(self) -> str:
        """Every word's times, folded."""
        if not self.errors:
            return ""
        rows = [(e.text, f"{e.begin:.2f}", f"{e.truth:.2f}", f"{e.late:+.2f}") for e in self.errors]
        header = ("word", "begins (s)", "truly (s)", "late by (s)")
        return table(header, rows, "Every word against its true time")


def _truth(truth: LyricTimes | np.ndarray, lyrics: str) -> np.ndarray:
    """True times (characters, 2) of the lyrics as the model read them, NaN: unknown."""
    if not isinstance(truth, LyricTimes):
        times = np.asarray(truth, dtype=float)
        if times.shape != (len(lyrics), 2):
            allowed = f"of shape ({len(lyrics)}, 2), one row for each character of the lyrics"
            raise LyricsError(must("truth", times.shape, allowed))
        return times
    table_ = np.stack([truth.starts, truth.ends], axis=1)
    if truth.lyrics == lyrics:
        return table_
    spoken = [w for w in word_times(truth.lyrics, table_) if any(c.isalnum() for c in w.word.text)]
    matched = times_from_words(lyrics, [w.start_s for w in spoken], [w.end_s for w in spoken])
    return np.stack([matched.starts, matched.ends], axis=1)
