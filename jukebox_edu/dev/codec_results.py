"""What `codec_study` measures: figures of single codec levels on held-out songs, and their table.

What
    A figure is kept song by song, so that two variants are compared on the same songs: that tells
    smaller differences apart than their two intervals do.
Conventions
    Figures are plain JSON types with mean, 95 % interval and one value per song. Sung frames are
    those of the listener's hop whose phone is not silence.
Paper: [Jukebox §5.1]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from jukebox_edu.dev.codec_variants import LEVELS, VARIANTS, Variant, phones_at, recipe_of
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation import spectra
from jukebox_edu.evaluation.codec import decoded, entropy_bits
from jukebox_edu.evaluation.intervals import estimate
from jukebox_edu.evaluation.probe import (
    SILENCE,
    PhoneCodes,
    commonest_share,
    probe_accuracy,
    train_probe,
)
from jukebox_edu.training.aids import LogMelLoss
from jukebox_edu.training.listener import Listener
from jukebox_edu.training.store import SongStore, StoredSong
from jukebox_edu.vqvae.model import VQVAE

SECONDS = 8.0  # of each song that is measured on, at most
WHOLE = 512  # samples; lengths are a multiple of it, so that every hop fits
N_SONGS, N_PROBE = 24, 96  # held-out songs to measure on, and to train the probe on
PROBE_STEPS = 400  # of its training
COLUMNS = {
    "snr_db": ("SNR, dB", "{:.2f}"),
    "log_mel": ("log-mel", "{:.3f}"),
    "convergence": ("spectral convergence", "{:.3f}"),
    "heard": ("phones heard", "{:.3f}"),
    "heard_nats": ("nats", "{:.2f}"),
    "probe": ("probe", "{:.3f}"),
}  # figure -> head of its column, format


@dataclass(frozen=True)
class Piece:
    """The first seconds of a held-out song.

    Lesson: notebooks/13_measure_it.ipynb
    """

    sound: Tensor  # (samples,)
    phones: np.ndarray  # (frames,) at the listener's hop


@dataclass(frozen=True)
class Pieces:
    """What variants are measured on.

    Lesson: notebooks/13_measure_it.ipynb
    """

    tested: tuple[Piece, ...]
    probed: tuple[Piece, ...]  # that the probe is trained on


def pieces(store: SongStore) -> Pieces:
    """The beginnings of held-out songs in which something is sung."""
    found = [piece for song in store.held_out if (piece := _piece(song)) is not None]
    if len(found) < 3:
        advice = "Sing more songs, or hold out more of them."
        raise ConfigError(must("held-out songs that sing", len(found), "at least 3", advice))
    n = min(N_SONGS, len(found) * 2 // 3)
    return Pieces(tuple(found[:n]), tuple(found[n : n + N_PROBE]))


def _piece(song: StoredSong) -> Piece | None:
    n = min(song.length, int(SECONDS * song.sample_rate)) // WHOLE * WHOLE
    known = song.phones()
    if known is None or not n:
        return None
    phones = known[: n // song.hop_length].astype(np.int64)
    sound = torch.from_numpy(song.samples(0, n))
    return Piece(sound, phones) if (phones != SILENCE).any() else None


@torch.no_grad()
def hear(listener: Listener, sound: Tensor, phones: np.ndarray) -> tuple[float, float]:
    """Share of sung frames that are heard right in (samples,), and their cross-entropy in nats."""
    logits, truth = listener(sound[None])[0], torch.from_numpy(phones)  # (phones, frames)
    sung = truth != SILENCE
    logits, truth = logits[:, sung].T, truth[sung]
    right = (logits.argmax(1) == truth).float().mean()
    return float(right), float(functional.cross_entropy(logits, truth))


@torch.no_grad()
def measure(variant: Variant, vqvae: VQVAE, found: Pieces, listener: Listener) -> dict[str, Any]:
    """Figures of a trained variant, for the file of results."""
    level, config = variant.level, variant.config
    log_mel, counts = LogMelLoss(config.sample_rate), np.zeros(config.codebook_size, np.int64)
    values: dict[str, list[float]] = {name: [] for name in COLUMNS}
    for piece in found.tested:
        codes = vqvae.encode(piece.sound)
        guess = decoded(vqvae, codes, level)
        counts += np.bincount(codes[level][0].numpy(), minlength=len(counts))
        right, nats = hear(listener, guess, piece.phones)
        values["snr_db"].append(spectra.signal_to_noise(piece.sound, guess))
        values["log_mel"].append(float(log_mel(piece.sound[None], guess[None])))
        values["convergence"].append(spectra.convergence(piece.sound, guess))
        values["heard"].append(right)
        values["heard_nats"].append(nats)
    if LEVELS[level] == "top":
        values["probe"] = probe(vqvae, found, listener.hop_length)
    rate, bits = config.sample_rate / config.hop_lengths[-1], entropy_bits(counts)
    told = {"codes_per_second": rate, "perplexity": 2**bits, "bits_per_second": bits * rate}
    return told | {"figures": {name: told_of(row) for name, row in values.items() if row}}


def probe(vqvae: VQVAE, found: Pieces, stored_hop: int) -> list[float]:
    """How well phones are read from top codes, for each tested song."""
    coded = []
    for piece in (*found.probed, *found.tested):
        codes = vqvae.encode(piece.sound)[-1][0].numpy()
        coded.append(PhoneCodes(codes, phones_at(piece.phones, stored_hop, vqvae.hop_lengths[-1])))
    n = len(found.probed)
    with torch.enable_grad():
        reader = train_probe(coded[:n], vqvae.config.codebook_size, steps=PROBE_STEPS)
    return [probe_accuracy(reader, song) or 0.0 for song in coded[n:]]


def ceiling(found: Pieces, listener: Listener) -> dict[str, Any]:
    """What the listener hears in the real sound, and what the commonest phone would get."""
    heard = [hear(listener, piece.sound, piece.phones) for piece in found.tested]
    told = {"heard": [h[0] for h in heard], "heard_nats": [h[1] for h in heard]}
    floor = commonest_share([PhoneCodes(p.phones, p.phones) for p in found.tested])
    return {"figures": {name: told_of(row) for name, row in told.items()}, "floor": floor}


def told_of(values: Sequence[float]) -> dict[str, Any]:
    """An estimate with the value of each song, for the file of results."""
    return {**asdict(estimate(values)), "songs": [round(value, 5) for value in values]}


def cell(figure: Mapping[str, Any] | None, reference: Mapping[str, Any] | None, how: str) -> str:
    """Mean and interval; a star where the same songs tell it from the reference.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if figure is None:
        return "–"
    text = "{} [{}, {}]".format(*(how.format(figure[part]) for part in ("mean", "low", "high")))
    if reference is None:
        return text
    difference = estimate(np.subtract(figure["songs"], reference["songs"]).tolist())
    return text + ("*" if difference.low > 0 or difference.high < 0 else "")


def table(results: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    heads = ["level", "variant", "codes/s", "s/step", "perplexity"]
    heads += [head for head, _ in COLUMNS.values()]
    lines = ["| " + " | ".join(heads) + " |", "| --- " * len(heads) + "|"]
    known = results["variants"]
    for variant in [variant for variant in VARIANTS if variant.name in known]:
        one, first = known[variant.name], recipe_of(variant.level)
        beside = known.get(first.name, {"figures": {}})["figures"] if variant != first else {}
        pace = one["cpu_seconds_per_step"]
        row = [LEVELS[variant.level], variant.name, f"{one['codes_per_second']:g}"]
        row += ["–" if pace is None else f"{pace:.2f}", f"{one['perplexity']:.0f}"]
        for name, (_, how) in COLUMNS.items():
            row.append(cell(one["figures"].get(name), beside.get(name), how))
        lines.append("| " + " | ".join(row) + " |")
    real = results["real"]
    row = ["", "real sound", "", "", ""]
    row += [cell(real["figures"].get(name), None, how) for name, (_, how) in COLUMNS.items()]
    lines += ["| " + " | ".join(row) + " |", ""]
    n_songs = real["figures"]["heard"]["n"]
    lines.append(
        f"{results['steps']} steps of {results['audio_seconds']:.0f} s of sound in all; means over "
        f"{n_songs} songs with 95 % intervals; always the commonest phone: {real['floor']:.3f}; "
        "*: differs from the first row of its level on the same songs (interval clear of zero)."
    )
    return "\n".join(lines)
