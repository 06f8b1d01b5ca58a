"""The card of the bundled model, written from its figures and its log.

Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jukebox_edu.config import ModelConfig
from jukebox_edu.evaluation.intervals import Estimate

INTRODUCTION = """\
# {name}

The model bundled with jukebox_edu: a three-level VQ-VAE and three priors of Jukebox's own design,
small enough to train on two CPU cores and to sing ten seconds on one. It was trained only on songs
of the procedural songbook (`jukebox_edu.songbook`), {n_songs:,} of them, whose words, voices and
tunes are our own or in the public domain.

**What it is for:** lessons, tests, trying the library. **What it is not:** a singer one would pay
to hear. It knows four voices, five styles and a few hundred short English words, and it mumbles.

**What is supervised here and was not in the original:** the songbook knows which phone sounds when.
A phone head on the top level's vectors, phone heads on what lyric attention returns, and guided
attention use that knowledge in training; none of them is part of the model. The original learned
alignment from unaligned lyrics, with far more data.

**Licence:** {licence}
"""


def write_card(
    path: Path, config: ModelConfig, figures: dict[str, Any], log: Path, n_songs: int
) -> None:
    """Write the card as Markdown.

    Parameters
    ----------
    path
        File to write.
    config, figures, log
        Of the trained model, as left by `train_tiny`.
    n_songs
        Songs trained on.

    Lesson: notebooks/13_measure_it.ipynb
    """
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    parts = [
        INTRODUCTION.format(name=config.name, n_songs=n_songs, licence=config.licence),
        _shape(config),
        _codec(figures["codec"], figures["phones in the top codes"]),
        *(_prior(level, figures[f"prior_{level}"]) for level in (2, 1, 0)),
        _alignment(figures["alignment"]),
        _cost(rows),
    ]
    path.write_text("\n".join(parts), encoding="utf-8")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _shape(config: ModelConfig) -> str:
    hops = config.vqvae.hop_lengths
    rows = []
    for level, prior in reversed(list(enumerate(config.priors))):
        stack = prior.transformer
        rows.append(
            (
                str(level),
                str(hops[level]),
                f"{config.vqvae.sample_rate / hops[level]:g}",
                f"{prior.n_ctx} codes, {prior.window_samples / config.vqvae.sample_rate:g} s",
                f"{stack.width} wide, {stack.depth} layers, {stack.heads} heads, "
                f"order {stack.attn_order}",
            )
        )
    head = ("level", "samples per code", "codes per second", "window", "Transformer")
    rate = config.vqvae.sample_rate
    return f"## Shape\n\nSound at {rate} Hz, {config.vqvae.codebook_size} codes per level.\n\n" + (
        _table(head, rows)
    )


def _show(value: Any, digits: int = 2) -> str:
    if not isinstance(value, dict):
        return f"{value:.{digits}f}"
    e = Estimate(**value)
    return f"{e.mean:.{digits}f} [{e.low:.{digits}f}, {e.high:.{digits}f}]"


def _codec(levels: list[dict[str, Any]], probe: dict[str, Any]) -> str:
    rows = [
        (
            str(level["level"]),
            _show(level["snr_db"], 1),
            _show(level["spectral_convergence"]),
            f"{level['used']:.0%}",
            f"{level['perplexity']:.0f}",
        )
        for level in reversed(levels)
    ]
    head = ("level", "signal to noise, dB", "spectral convergence", "codes in use", "perplexity")
    n = levels[0]["snr_db"]["n"]
    accuracy = Estimate(**probe["accuracy"])
    return (
        f"## Codec\n\nOn {n} songs never trained on; means over songs with 95 % intervals.\n\n"
        + _table(head, rows)
        + f"\nPhones read from the top codes by a small probe: {accuracy.mean:.0%} "
        f"[{accuracy.low:.0%}, {accuracy.high:.0%}] of sung frames "
        f"(always guessing the commonest: {probe['floor']:.0%}).\n"
    )


def _prior(level: int, figures: dict[str, Any]) -> str:
    rows = [(name, _show(value, 3)) for name, value in figures.items()]
    n = figures["nats per code"]["n"]
    return (
        f"## Prior of level {level}\n\nMiddle window of {n} songs never trained on. A condition "
        "that costs nothing when wrong is not used.\n\n" + _table(("figure", "value"), rows)
    )


def _alignment(figures: dict[str, Any]) -> str:
    rows = [(name, _show(value, 3)) for name, value in figures.items()]
    return (
        "## Alignment\n\nTimes read from lyric attention over real codes, against the singer's "
        "true timing.\n\n" + _table(("figure", "value"), rows)
    )


def _cost(rows: list[dict[str, Any]]) -> str:
    stages = [(row["stage"], f"{row['wall_seconds']:.0f}") for row in rows if "stage" in row]
    return (
        "## Cost\n\nWall time of the stages in seconds, one thread each, two at a time on a 2-core "
        "machine that did other work as well, so they are upper bounds. The loss curves "
        "are in `training.jsonl`.\n\n" + _table(("stage", "seconds"), stages)
    )
