"""Figures of a codec and its priors on songs that were never trained on.

What
    Codec: how close the sound of each level comes, and how evenly its codes are used.
    Priors: cross-entropy per code, and what it costs to be told something wrong: other lyrics, no
    lyrics, another artist or genre, other upper codes. A condition that costs nothing when wrong
    is not used. Lyric attention is compared with the singer's true timing.
Conventions
    Cross-entropies in nats per code, times in seconds, one value per song, 95 % intervals.
Paper: [Jukebox §5]
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from jukebox_edu.alignment import align
from jukebox_edu.evaluation.intervals import Estimate, estimate
from jukebox_edu.labels import Labels
from jukebox_edu.prior.prior import Prior, without_lyrics
from jukebox_edu.training.codeset import Batch, CodedSong, batch_of
from jukebox_edu.training.songset import SongSet
from jukebox_edu.vqvae.losses import spectral_convergence
from jukebox_edu.vqvae.model import VQVAE


@dataclasses.dataclass(frozen=True)
class CodecFigures:
    """What one level of a codec keeps."""

    level: int  # 0 = bottom
    snr_db: Estimate  # signal to noise of the waveform, dB
    spectral_convergence: Estimate  # 0 is perfect, 1 is silence
    used: float  # share of codes that occur at all
    perplexity: float  # effective number of codes


@torch.no_grad()
def measure_codec(vqvae: VQVAE, songset: SongSet) -> list[dict[str, Any]]:
    """Figures of every level over the songs of a set, as plain JSON types.

    Lesson: notebooks/13_measure_it.ipynb
    """
    figures = []
    for level in range(vqvae.levels):
        snr, convergence = [], []
        counts = torch.zeros(vqvae.config.codebook_size)
        for song in songset.songs:
            length = song.length // vqvae.hop_lengths[-1] * vqvae.hop_lengths[-1]
            audio = torch.from_numpy(songset.samples(song, 0, length))[None]
            codes = vqvae.encode(audio)
            guess = vqvae.decode(codes, level)
            noise = (audio - guess).square().sum()
            snr.append(float(10 * torch.log10(audio.square().sum() / noise)))
            convergence.append(float(spectral_convergence(audio, guess).mean()))
            counts += torch.bincount(codes[level].flatten(), minlength=len(counts))
        share = counts / counts.sum()
        entropy = -(share * share.clamp(min=1e-12).log()).sum()
        figures.append(
            CodecFigures(
                level,
                estimate(snr),
                estimate(convergence),
                float((counts > 0).float().mean()),
                float(entropy.exp()),
            )
        )
    return [dataclasses.asdict(figure) for figure in figures]


def nats_per_code(prior: Prior, batch: Batch, **changed: Any) -> Tensor:
    """Cross-entropy (batch, n_ctx) in nats of every code; `changed` replaces fields of the batch.

    Lesson: notebooks/13_measure_it.ipynb
    """
    batch = dataclasses.replace(batch, **changed)
    with torch.inference_mode():
        logits = prior.logits(batch.codes, batch.upper_codes, batch.labels)
        losses = functional.cross_entropy(logits.transpose(1, 2), batch.codes, reduction="none")
    return losses  # (batch, n_ctx)


def measure_prior(prior: Prior, songs: Sequence[CodedSong]) -> dict[str, Any]:
    """Figures of one prior on the middle window of every song, as plain JSON types.

    Lesson: notebooks/13_measure_it.ipynb
    """
    batch = batch_of([(song, _middle(song, prior)) for song in songs], prior.config)
    right = nats_per_code(prior, batch)
    labels: Labels = batch.labels  # type: ignore[assignment]
    others = torch.roll(torch.arange(len(songs)), 1)
    wrong: dict[str, dict[str, Any]] = {
        "wrong artist": {"labels": dataclasses.replace(labels, artist=_other(labels.artist))},
        "wrong genre": {"labels": dataclasses.replace(labels, genres=_other(labels.genres))},
    }
    if batch.upper_codes is not None:
        wrong["wrong upper codes"] = {"upper_codes": batch.upper_codes[others]}
    if prior.config.lyrics is not None:
        swapped = dataclasses.replace(labels, lyric_tokens=labels.lyric_tokens[others])
        wrong["wrong lyrics"] = {"labels": swapped}
        wrong["no lyrics"] = {"labels": without_lyrics(labels)}
    figures: dict[str, Any] = {"nats per code": dataclasses.asdict(_per_song(right))}
    for name, changed in wrong.items():
        cost = nats_per_code(prior, batch, **changed) - right
        figures[f"cost of {name}"] = dataclasses.asdict(_per_song(cost))
        if name == "wrong lyrics":
            changes = functional.pad(batch.phones[:, 1:] != batch.phones[:, :-1], (1, 0))  # type: ignore[index]
            figures["cost of wrong lyrics at phone changes"] = dataclasses.asdict(
                _per_song(cost, changes)
            )
    if prior.config.alignment_layer is not None:
        figures |= _alignment_figures(prior, batch)
    return figures


def _middle(song: CodedSong, prior: Prior) -> int:
    """First code of the window in the middle of a song, a whole code of the level above."""
    config = prior.config
    factor = config.conditioner.factor if config.conditioner is not None else 1
    spare = song.labels.total_length // config.hop_length - config.n_ctx
    return max(0, spare // 2) // factor * factor


def _other(ids: Tensor) -> Tensor:
    """Ids that differ from the true ones: each song gets the next different id in the batch."""
    result = ids.clone()
    for i in range(len(ids)):
        different = [k for k in range(len(ids)) if not torch.equal(ids[k], ids[i])]
        if different:
            result[i] = ids[different[i % len(different)]]
    return result


def _per_song(values: Tensor, where: Tensor | None = None) -> Estimate:
    """Mean of (songs, codes) values per song, over all codes or over those marked."""
    if where is None:
        return estimate(values.mean(1).tolist())
    return estimate([float(v[w].mean()) for v, w in zip(values, where, strict=True) if w.any()])


def _alignment_figures(prior: Prior, batch: Batch) -> dict[str, Any]:
    """How well the attention of the aligning head agrees with the singer's timing."""
    layer, head = prior.config.alignment_layer, prior.config.alignment_head or 0
    with torch.inference_mode():
        records = prior.attention(batch.codes, batch.upper_codes, batch.labels, layers=(layer,))  # type: ignore[arg-type]
    weights = records[layer].weights[:, head]  # type: ignore[index]
    sung: Tensor = batch.sung  # type: ignore[assignment]
    counted = sung.any(-1)  # (songs, frames)
    mass = (weights * sung).sum(-1)
    best = sung.gather(-1, weights.argmax(-1, keepdim=True))[..., 0].float()
    return {
        "attention mass on the sung word": dataclasses.asdict(_per_song(mass, counted)),
        "strongest attention inside the sung word": dataclasses.asdict(_per_song(best, counted)),
        "chance: mass on the sung word if spread evenly": dataclasses.asdict(
            _per_song(sung.float().mean(-1), counted)
        ),
    }


def measure_times(prior: Prior, songs: Sequence[CodedSong]) -> dict[str, Any]:
    """When words begin, read from attention, against the singer's true timing.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    errors, monotone, all_late = [], [], []
    for song in songs:
        late = []  # seconds, one for each word that is sung
        codes = torch.from_numpy(song.codes[-1].astype(np.int64))[None]
        alignment = align(prior, codes, song.labels)
        for word in alignment.word_times():
            inside = (song.characters >= word.first_char) & (song.characters < word.last_char_end)
            if inside.any():
                late.append(word.start - int(inside.argmax()) * alignment.hop_seconds)
        monotone.append(alignment.monotonicity())
        errors.append(float(np.median(np.abs(late))))
        all_late += late
    return {
        "median error of a word's start, seconds, per song": dataclasses.asdict(estimate(errors)),
        "median error of a word's start, seconds, all words": float(np.median(np.abs(all_late))),
        "share of words within 0.12 s": float((np.abs(all_late) <= 0.12).mean()),
        "share of frames where attention does not go back": dataclasses.asdict(estimate(monotone)),
    }
