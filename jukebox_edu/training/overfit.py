"""Overfit: a model from nothing that knows ten seconds by heart.

What
    The whole path at its smallest, and the first test of any change to it: if a model cannot learn
    ten seconds by heart, it will learn nothing from a thousand songs.

        excerpt -> data/ -> codec/ -> prior-2/, prior-1/, prior-0/ -> model/

    Every arrow is a run of its own folder, so the same call goes on after an interruption.
    `measure_overfit` asks the model to continue the first second and compares with the original.
Paper: [Jukebox §3, §4]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from jukebox_edu.evaluation.memorisation import TrainingCodes
from jukebox_edu.model import Jukebox
from jukebox_edu.song import Song
from jukebox_edu.training.assembling import assembled
from jukebox_edu.training.beginning import begin_prior, with_codes
from jukebox_edu.training.codeset import coded_songs
from jukebox_edu.training.prepare import prepare
from jukebox_edu.training.presets import NANO, Preset
from jukebox_edu.training.prior_loop import PriorTraining, train_prior
from jukebox_edu.training.results import trained_prior, trained_vqvae
from jukebox_edu.training.settings import require
from jukebox_edu.training.source import Source
from jukebox_edu.training.state import seeded
from jukebox_edu.training.store import StoredSong
from jukebox_edu.training.vqvae_loop import VQVAETraining, train_vqvae
from jukebox_edu.vqvae.losses import stft_magnitude
from jukebox_edu.vqvae.model import VQVAE

LICENCE = "learned by heart from one recording: its licence is that of the recording"
PROMPT_SECONDS = 1.0  # of the original, that the model is given
HIDDEN = 0.1  # share of codes withheld from a prior with lyrics
# How the model draws: what was learned by heart is likelier than all else, and as the lyrics were
# never withheld, guidance (which compares with none) would compare with noise.
TEMPERATURE, GUIDANCE = 0.5, 1.0
BANDS, N_FFT, STEP = 40, 1024, 256  # mel bands; samples per transform and between two


@dataclass(frozen=True)
class OverfitSteps:
    """How long each part is trained, optimizer steps.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    codec: int = 500
    priors: tuple[int, ...] = (600, 300, 300)  # index = level

    def times(self, factor: float) -> OverfitSteps:
        """So many times as long."""
        require(factor > 0, "effort", factor, "above 0")
        priors = tuple(max(1, round(steps * factor)) for steps in self.priors)
        return OverfitSteps(max(1, round(self.codec * factor)), priors)


def codec_training(preset: Preset, steps: int) -> VQVAETraining:
    """Settings of the codec: few clips at once, for there is only one song.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    usual = preset.codec_training(None)
    return dataclasses.replace(
        usual, steps=steps, batch=4, phone=0.0, warmup=min(usual.warmup, steps // 4)
    )


def prior_training(preset: Preset, level: int, steps: int) -> PriorTraining:
    """Settings of a prior: hardly anything is withheld, so that it can learn by heart.

    The tenth of the codes that the top level does not see is what lets it find back after a wrong
    one: without it, a song known to 99 % code by code came back to less than a half.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    usual = preset.prior_training(level)
    return dataclasses.replace(
        usual, steps=steps, warmup=min(usual.warmup, steps // 4), precision="float32",
        hide=HIDDEN, hide_span=3, blank_lyrics=0.0, phone=0.0,
    )  # fmt: skip


def overfit(
    source: Source,
    out: str | os.PathLike[str],
    *,
    preset: Preset = NANO,
    steps: OverfitSteps | None = None,
    device: str | torch.device = "cpu",
    watch: Callable[[Mapping[str, Any]], None] | None = None,
    progress: bool = True,
) -> Path:
    """Train a model from nothing on one short recording; returns the model's folder.

    Parameters
    ----------
    source
        With one song, e.g. `Excerpt("song.mp3", start=60, seconds=10)`.
    out
        Folder of all runs; the same call goes on after an interruption.
    preset
        Shape of the model.
    steps
        How long each part is trained.
    device, watch, progress
        As for `train_prior`.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    folder, steps = Path(out), steps or OverfitSteps()
    around: dict[str, Any] = {"device": device, "watch": watch,
                              "progress": progress and "auto"}  # fmt: skip
    config = preset.vqvae
    require(len(steps.priors) == config.levels, "steps.priors", steps.priors,
            f"{config.levels} numbers, one per level")  # fmt: skip
    store = prepare(source, folder / "data", sample_rate=config.sample_rate,
                    hop_length=config.hop_lengths[-1], held_out=0.0, progress=progress)  # fmt: skip
    training = codec_training(preset, steps.codec)
    with seeded(training.seed):
        vqvae = VQVAE(config)
    train_vqvae(vqvae, store.train, training, out=folder / "codec", **around)
    vqvae = trained_vqvae([folder / "codec"])
    store = with_codes(store, vqvae, preset, progress=progress)
    for level in reversed(range(config.levels)):
        begun = begin_prior(preset, store, level, 0)
        begun.prior.config = dataclasses.replace(
            begun.prior.config, temperature=TEMPERATURE, guidance=GUIDANCE
        )
        songs = coded_songs(store, [begun.prior.config], begun.names)
        settings = prior_training(preset, level, steps.priors[level])
        notes = {"preset": preset.name, "codec": store.codec, **begun.notes()}
        run = folder / f"prior-{level}"
        train_prior(begun.prior, songs, settings, out=run, notes=notes, **around)
    trained = [trained_prior(folder / f"prior-{level}") for level in range(config.levels)]
    name = folder.name or "overfit"
    return assembled(name, vqvae, trained, LICENCE).save(folder / "model")


# ---- does it know it by heart? -----------------------------------------------------------------


@dataclass(frozen=True)
class OverfitFigures:
    """How much of a recording a model gives back, from its first second.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    likeness: float  # correlation of log-mel spectrograms with the original, after the prompt
    codec_likeness: float  # of the original through the codec: the most that can be had
    chance: float  # the original and itself moved in time, mean over several moves
    same_codes: tuple[float, ...]  # share of codes equal to the original's, index = level
    chance_codes: float  # of the top level, moved in time likewise
    longest_seconds: float  # longest stretch of top codes that is (nine of ten) the original's
    seconds: float  # that were compared

    @property
    def recognisable(self) -> bool:
        """Whether the song is nearer to the original than halfway from chance to the codec."""
        return self.likeness > (self.chance + self.codec_likeness) / 2

    def text(self) -> str:
        """For people.

        Lesson: notebooks/12_teach_it_your_music.ipynb
        """
        share = " / ".join(f"{100 * s:.0f} %" for s in reversed(self.same_codes))
        return "\n".join(
            [
                f"continued from the first {PROMPT_SECONDS:g} s, {self.seconds:.1f} s compared "
                "with the original:",
                f"  likeness of the sound   {self.likeness:.2f}  (correlation of log-mel "
                f"spectrograms; codec alone {self.codec_likeness:.2f}, chance {self.chance:.2f})",
                f"  equal codes             {share}  (top to bottom level; chance "
                f"{100 * self.chance_codes:.0f} % at the top)",
                f"  longest stretch by heart  {self.longest_seconds:.1f} s",
                "The song can be recognised." if self.recognisable
                else "The song cannot be recognised yet: train longer (--effort 2).",
            ]
        )  # fmt: skip


def log_mel(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    """Log-mel spectrogram (bands, frames) of (samples,), each band with mean zero.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    import librosa

    mel = librosa.filters.mel(sr=sample_rate, n_fft=N_FFT, n_mels=BANDS)
    power = stft_magnitude(torch.from_numpy(sound)[None], N_FFT, STEP, N_FFT)[0].square()
    bands = np.log(mel @ power.numpy() + 1e-4)
    return bands - bands.mean(axis=1, keepdims=True)


def likeness(one: np.ndarray, other: np.ndarray, sample_rate: int) -> float:
    """Correlation, -1 to 1, of the log-mel spectrograms of two sounds (samples,).

    Lesson: notebooks/13_measure_it.ipynb
    """
    n = min(len(one), len(other))
    a, b = log_mel(one[:n], sample_rate).ravel(), log_mel(other[:n], sample_rate).ravel()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size else 0.0


def continued(
    model: Jukebox, song: StoredSong, out: str | os.PathLike[str] | None = None, *,
    seed: int = 0, progress: bool = True,
) -> Song:  # fmt: skip
    """The model's own version of a song, from its first second on.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    top = model.hop_lengths[-1]
    length = song.length // top * top
    prompt = song.samples(0, min(length // 2, round(PROMPT_SECONDS * song.sample_rate)))
    return model.sample(
        song.lyrics,
        artist=song.artist or "unknown",
        genre=song.genre or "unknown",
        seconds=length / song.sample_rate,
        total_seconds=song.seconds,
        prompt=prompt,
        seed=seed,
        out=out,
        progress=progress,
    )


def measure_overfit(model: Jukebox, song: StoredSong, written: Song) -> OverfitFigures:
    """Compare what `continued` wrote with the original.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    rate, top = model.sample_rate, model.hop_lengths[-1]
    n = min(song.length, written.length) // top * top
    first = min(n // 2, round(PROMPT_SECONDS * rate)) // top * top
    original = song.samples(0, n)
    codes = [level[0].cpu().numpy() for level in model.encode(original)]
    through = model.decode([torch.from_numpy(level)[None] for level in codes])[0].cpu().numpy()
    same = tuple(
        _equal(written.codes[level][0].cpu().numpy()[: n // hop], codes[level], first // hop)
        for level, hop in enumerate(model.hop_lengths)
    )
    rest, moves = original[first:], (0.25, 0.5, 0.75)
    moved = [np.roll(rest, int(share * len(rest))) for share in moves]
    tail = codes[-1][first // top :]
    longest = TrainingCodes([codes[-1]]).matches(written.codes[-1][0].cpu().numpy()[first // top :])
    return OverfitFigures(
        likeness=likeness(written.audio(0)[first:n], rest, rate),
        codec_likeness=likeness(through[first:n], rest, rate),
        chance=float(np.mean([likeness(other, rest, rate) for other in moved])),
        same_codes=same,
        chance_codes=float(np.mean([np.mean(np.roll(tail, int(s * len(tail))) == tail)
                                    for s in moves])),
        longest_seconds=longest.near.length * top / rate,
        seconds=(n - first) / rate,
    )  # fmt: skip


def _equal(one: np.ndarray, other: np.ndarray, first: int) -> float:
    """Share of equal codes from a place on."""
    return float(np.mean(one[first:] == other[first:]))
