"""What each level of a codec keeps of a song, and how well its codes are used.

What
    Sound: every level decodes alone and is compared with the song. Signal to noise compares
    waveforms, spectral convergence and log-spectral distance compare spectra, which is nearer to
    hearing.

    Codes: a codebook of K codes can tell at most log2 K bits per code. Used unevenly it tells
    less: the entropy of its histogram, whose exponential is the perplexity, the number of codes
    that would do if all were used alike. Entropy times codes per second is the bit rate.
Conventions
    Ratios are averaged over songs, codes are counted over all songs together. Silence in place of
    the song has a spectral convergence of 1 (0 dB) and a signal to noise of 0 dB: chance.
Paper: [Jukebox §5.1]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.evaluation import spectra
from jukebox_edu.evaluation.intervals import Estimate, estimate, jackknife
from jukebox_edu.evaluation.songs import TestSong
from jukebox_edu.vqvae.model import VQVAE


@dataclass(frozen=True, eq=False)
class SongKept:
    """What one level keeps of one song.

    Lesson: notebooks/04_three_levels.ipynb
    """

    snr_db: float  # dB
    convergence: float  # ratio, 0 is perfect
    log_spectral_db: float  # dB
    counts: np.ndarray  # (codebook,) how often each code occurs


@dataclass(frozen=True)
class CodecFigures:
    """What one level of a codec keeps.

    Lesson: notebooks/04_three_levels.ipynb
    """

    level: int  # 0 = bottom
    hop_length: int  # samples per code
    snr_db: Estimate  # signal to noise of the waveform, dB; silence 0
    spectral_convergence: Estimate  # 0 is perfect, 1 is silence
    spectral_convergence_db: Estimate  # the same, each song in dB; silence 0
    log_spectral_db: Estimate  # log-spectral distance, dB
    other_song_db: Estimate | None  # log-spectral distance of two different songs: chance, dB
    used: Estimate  # share of codes that occur at all
    perplexity: Estimate  # effective number of codes
    entropy_bits: Estimate  # bits per code
    most_bits: float  # bits per code if all were used alike: the ceiling
    bits_per_second: Estimate  # entropy times codes per second
    counts: tuple[int, ...]  # how often each code occurs, index = code


def entropy_bits(counts: np.ndarray) -> float:
    """Entropy of a histogram in bits.

    Lesson: notebooks/02_vector_quantisation.ipynb

    >>> entropy_bits(np.array([5, 5, 0, 0]))
    1.0
    """
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum()) + 0.0


def decoded(vqvae: VQVAE, codes: Sequence[Tensor | None], level: int) -> Tensor:
    """Sound (samples,) of one level of one song, decoded in blocks.

    Lesson: notebooks/04_three_levels.ipynb
    """
    return torch.cat([part[0].cpu() for part in vqvae.decode_blocks(codes, level)])


def song_kept(vqvae: VQVAE, sound: Tensor, guess: Tensor, codes: Tensor) -> SongKept:
    """Compare one song (samples,) with what a level made of it; `codes` (1, tokens).

    Lesson: notebooks/04_three_levels.ipynb
    """
    losses = vqvae.config.losses
    shapes = list(zip(losses.n_ffts, losses.hops, losses.windows, strict=True))
    counts = torch.bincount(codes.flatten().cpu(), minlength=vqvae.config.codebook_size)
    return SongKept(
        spectra.signal_to_noise(sound, guess),
        spectra.convergence(sound, guess),
        spectra.log_spectral_distance(sound, guess, shapes),
        counts.numpy(),
    )


def other_song_distance(vqvae: VQVAE, sound: Tensor, other: Tensor) -> float:
    """Log-spectral distance in dB of two different songs (samples,), as far as both go.

    Lesson: notebooks/13_measure_it.ipynb
    """
    losses = vqvae.config.losses
    shapes = list(zip(losses.n_ffts, losses.hops, losses.windows, strict=True))
    n = min(len(sound), len(other))
    return spectra.log_spectral_distance(sound[:n], other[:n], shapes)


def codec_figures(
    vqvae: VQVAE, level: int, songs: Sequence[SongKept], others: Sequence[float] = ()
) -> CodecFigures:
    """Figures of one level over songs; `others` from `other_song_distance`.

    Lesson: notebooks/04_three_levels.ipynb
    """
    counts = np.stack([song.counts for song in songs])  # (songs, codebook)
    whole = counts.sum(0)
    entropies = [entropy_bits(whole - one) for one in counts] if len(songs) > 1 else []
    entropy = entropy_bits(whole)
    rate = vqvae.sample_rate / vqvae.hop_lengths[level]
    size = vqvae.config.codebook_size
    most = float(np.log2(size))
    used = [float((whole - one > 0).mean()) for one in counts] if len(songs) > 1 else []
    return CodecFigures(
        level=level,
        hop_length=vqvae.hop_lengths[level],
        snr_db=estimate([song.snr_db for song in songs]),
        spectral_convergence=estimate([song.convergence for song in songs]),
        spectral_convergence_db=estimate([spectra.to_db(song.convergence) for song in songs]),
        log_spectral_db=estimate([song.log_spectral_db for song in songs]),
        other_song_db=estimate(others) if len(others) else None,
        used=jackknife(float((whole > 0).mean()), used, least=0, most=1),
        perplexity=jackknife(2**entropy, [2**bits for bits in entropies], least=1, most=size),
        entropy_bits=jackknife(entropy, entropies, least=0, most=most),
        most_bits=most,
        bits_per_second=jackknife(
            entropy * rate, [bits * rate for bits in entropies], least=0, most=most * rate
        ),
        counts=tuple(int(n) for n in whole),
    )


def measure_codec(vqvae: VQVAE, songs: Iterable[TestSong]) -> tuple[CodecFigures, ...]:
    """Figures of every level, index = level; songs are heard one by one.

    Lesson: notebooks/04_three_levels.ipynb
    """
    kept: list[list[SongKept]] = [[] for _ in range(vqvae.levels)]
    others: list[float] = []
    before: Tensor | None = None
    for song in songs:
        sound = whole_codes(vqvae, song)
        codes = vqvae.encode(sound.to(next(vqvae.parameters()).device))
        for level in range(vqvae.levels):
            guess = decoded(vqvae, codes, level)
            kept[level].append(song_kept(vqvae, sound, guess, codes[level]))
        if before is not None:
            others.append(other_song_distance(vqvae, sound, before))
        before = sound
    return tuple(codec_figures(vqvae, level, row, others) for level, row in enumerate(kept))


def whole_codes(vqvae: VQVAE, song: TestSong) -> Tensor:
    """The sound of a song (samples,), cut to whole top-level codes.

    Lesson: notebooks/04_three_levels.ipynb
    """
    top = vqvae.hop_lengths[-1]
    return torch.from_numpy(song.audio[: len(song.audio) // top * top].copy())
