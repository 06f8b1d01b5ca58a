"""The levels of one sound compared: heard at the same position, seen beside each other, measured.

What
    The player holds the original and what each level makes of it; switching between them keeps
    the position. Above it stand their spectrograms, or a few milliseconds of their waveforms, and
    how far each is from the original: spectral convergence in dB (lower is nearer; silence is 0).
Paper: [Jukebox §5.1, table 4]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
import torch

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation import spectra
from jukebox_edu.model import Jukebox
from jukebox_edu.page import CodeLane, PageData, Player, Track
from jukebox_edu.page.sentences import level_name
from jukebox_edu.plotting.levels import detail_figure, levels_figure
from jukebox_edu.song import Song
from jukebox_edu.widgets.base import Panel, View, labelled
from jukebox_edu.widgets.code_sounds import decoded
from jukebox_edu.widgets.excerpt import excerpt, room_for
from jukebox_edu.widgets.pieces import paragraph, picture, table, whole

PICTURES = ("spectrograms", "waveforms, close up")
TABLE_MOST = 4  # versions beside each other
COLORS = 40  # of the picture: spectrograms are heavy


@dataclass(frozen=True, eq=False)
class Version:
    """One version of the sound."""

    level: int | None  # None: the original
    track: Track
    codes_per_second: float | None  # None for the original
    convergence_db: float | None  # distance from the reference; None for the reference itself


class LevelsView(Panel):
    """Original, bottom, middle, top: the same moment, again and again.

    Parameters
    ----------
    source
        A `Song`, whose finest level is the reference; or a model.
    audio
        With a model: sound (samples,) at its rate, which is the reference.

    Attributes
    ----------
    versions
        What is compared, the reference first, as `Version`s.

    Lesson: notebooks/04_three_levels.ipynb
    """

    def __init__(self, source: Song | Jukebox, audio: Any = None) -> None:
        self.versions, self.lanes = _versions(source, audio)
        reference = self.versions[0].track
        self._room = room_for(len(self.versions), reference.sample_rate, reference.seconds)
        slider = {"min": 0.0, "step": 0.01, "continuous_update": False, **labelled("26rem")}
        self.picture = ipywidgets.Dropdown(
            options=list(PICTURES), description="Picture", **labelled("18rem")
        )
        loudest = int(np.abs(reference.samples).argmax()) / reference.sample_rate
        self.at = ipywidgets.FloatSlider(
            round(loudest, 2), max=reference.seconds, description="Moment (s)", **slider
        )
        self.start = ipywidgets.FloatSlider(
            0.0, max=max(0.01, reference.seconds - self._room), description="From (s)", **slider
        )
        self._show_sliders()
        super().__init__([[self.picture, self.at], self.start])
        self.follow(self.picture, self.at, self.start, action=self._show_sliders)

    def __repr__(self) -> str:
        names = ", ".join(version.track.label for version in self.versions)
        return f"LevelsView({self.versions[0].track.seconds:.2f} s: {names})"

    def _show_sliders(self) -> None:
        """Offer only the sliders that change something."""
        close = self.picture.value == PICTURES[1]
        self.at.layout.display = "" if close else "none"
        long = self._room < self.versions[0].track.seconds
        self.start.layout.display = "" if long else "none"

    @property
    def data(self) -> PageData:
        """What is played: all versions, or a stretch of them."""
        tracks = tuple(version.track for version in self.versions)
        data = PageData("The same sound from every level", tracks, codes=self.lanes)
        return excerpt(data, self.start.value, self._room)

    def view(self) -> View:
        """Figures, picture and player."""
        words = self._sentence()
        data = self.data
        if self.picture.value == PICTURES[0]:
            figure = levels_figure(data.tracks[:TABLE_MOST], self._notes())
            alt = f"Spectrograms side by side. {words}"
        else:
            figure = detail_figure([v.track for v in self.versions], self.at.value)
            alt = f"Waveforms of every version around {self.at.value:.2f} s. {words}"
        player = Player(data)._repr_mimebundle_()["text/html"]
        top = whole(picture(figure, alt, COLORS), self._table(), paragraph(words))
        return View(top + player, words)

    def _notes(self) -> tuple[str, ...]:
        shown = self.versions[:TABLE_MOST]
        return tuple(_db(version) if version.level is not None else "" for version in shown)

    def _table(self) -> str:
        header = ("version", "codes per second", "spectral convergence")
        rows = [
            (v.track.label, f"{v.codes_per_second:,.5g}" if v.codes_per_second else "–", _db(v))
            for v in self.versions
        ]
        return table(header, rows)

    def _sentence(self) -> str:
        reference, *others = self.versions
        figures = ", ".join(f"{v.track.label} {_db(v)}" for v in others)
        if not figures:
            return f"Only the {reference.track.label} is there."
        return (
            f"Spectral convergence against the {reference.track.label} (lower is nearer, silence "
            f"has 0 dB): {figures}."
        )


def _db(version: Version) -> str:
    if version.convergence_db is None:
        return "reference"
    return f"{version.convergence_db:.1f} dB"


def _versions(
    source: Song | Jukebox, audio: Any
) -> tuple[tuple[Version, ...], tuple[CodeLane, ...]]:
    """All versions, the reference first, and the codes of all levels."""
    if isinstance(source, Song):
        if audio is not None:
            raise ConfigError(must("audio", "given", "None with a song, which has its own sound"))
        codes = {level: source.codes[level][0] for level in source.levels}
        sounds = {level: source.audio(level) for level in source.levels}
        order: list[int | None] = [source.finest, *(i for i in source.levels if i != source.finest)]
        reference = sounds[source.finest]
        rate, hops, size = source.sample_rate, source.hop_lengths, source.codebook_size
    else:
        if audio is None:
            raise ConfigError(must("audio", None, "sound (samples,) at the model's rate"))
        found = source.encode(audio)
        reference = np.asarray(audio, dtype=np.float32).reshape(-1)
        codes = {level: row[0].cpu() for level, row in enumerate(found)}
        sounds = {
            level: decoded(source, row, level)[: reference.size] for level, row in codes.items()
        }
        order = [None, *codes]
        rate, hops, size = source.sample_rate, source.hop_lengths, source.config.vqvae.codebook_size
    versions = []
    for level in order:
        samples = reference if level is None else sounds[level]
        name = "original" if level is None else f"{level_name(level, len(hops))} level"
        known = level == order[0]
        distance = None if known else spectra.to_db(_convergence(reference, samples))
        speed = None if level is None else rate / hops[level]
        versions.append(Version(level, Track(name, samples, rate), speed, distance))
    lanes = tuple(
        CodeLane(level, row.numpy(), hops[level] / rate, size) for level, row in codes.items()
    )
    return tuple(versions), lanes


def _convergence(reference: np.ndarray, samples: np.ndarray) -> float:
    """Spectral convergence of two sounds of about the same length."""
    n = min(reference.size, samples.size)
    return spectra.convergence(torch.from_numpy(reference[:n]), torch.from_numpy(samples[:n]))
