"""The card of the bundled model, written from its figures and its log.

Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jukebox_edu.config import ModelConfig
from jukebox_edu.evaluation import Estimate, Report
from jukebox_edu.evaluation.conditioning import PriorFigures

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


def write_card(path: Path, config: ModelConfig, report: Report, log: Path, n_songs: int) -> None:
    """Write the card as Markdown.

    Parameters
    ----------
    path
        File to write.
    config, report, log
        Of the trained model: its shape, its figures, and the rows that `train_tiny` left.
    n_songs
        Songs trained on.

    Lesson: notebooks/13_measure_it.ipynb
    """
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    parts = [
        INTRODUCTION.format(name=config.name, n_songs=n_songs, licence=config.licence),
        _shape(config),
        _codec(report),
        *(_prior(figures) for figures in reversed(report.priors)),
        _timing(report),
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


def _show(e: Estimate, digits: int = 2) -> str:
    return f"{e.mean:.{digits}f} [{e.low:.{digits}f}, {e.high:.{digits}f}]"


def _codec(report: Report) -> str:
    rows = [
        (
            str(level.level),
            _show(level.snr_db, 1),
            _show(level.spectral_convergence),
            f"{level.used.mean:.0%}",
            f"{level.perplexity.mean:.0f}",
        )
        for level in reversed(report.codec)
    ]
    head = ("level", "signal to noise, dB", "spectral convergence", "codes in use", "perplexity")
    n = len(report.songs)
    heading = "## Codec\n\n"
    heading += f"On {n} songs never trained on; means over songs with 95 % intervals.\n\n"
    if report.probe is None:
        return heading + _table(head, rows)
    accuracy = report.probe.accuracy
    return (
        heading
        + _table(head, rows)
        + (
            f"\nPhones read from the top codes by a small probe: {accuracy.mean:.0%} "
            f"[{accuracy.low:.0%}, {accuracy.high:.0%}] of sung frames "
            f"(always guessing the commonest: {report.probe.floor:.0%}).\n"
        )
    )


def _prior(figures: PriorFigures) -> str:
    rows = [("nats per code", _show(figures.nats_per_code, 3))]
    for cost in figures.costs:
        name = f"cost of {cost.told} {cost.condition}"
        rows.append((name, _show(cost.nats, 3)))
        if cost.at_phone_changes is not None:
            rows.append((f"{name} at phone changes", _show(cost.at_phone_changes, 3)))
    return (
        f"## Prior of level {figures.level}\n\nMiddle window of {len(figures.per_song)} songs "
        "never trained on, nats per code. A condition that costs nothing when wrong is not used."
        "\n\n" + _table(("figure", "value"), rows)
    )


def _timing(report: Report) -> str:
    timing = report.timing
    if timing is None:
        return "## Alignment\n\nNot measured: no lyrics with true times.\n"
    rows = [
        ("median error of a word's start, seconds", _show(timing.attention.median, 3)),
        ("the same if words were spread evenly", _show(timing.linear.median, 3)),
        ("words within 0.3 s", _show(timing.attention.within_300_ms)),
        ("words within 0.12 s", _show(timing.attention.within_120_ms)),
        ("frames where attention does not go back", _show(timing.monotone)),
        ("attention on the sung word", _show(timing.mass_on_word)),
        ("the same if spread evenly", _show(timing.mass_if_even)),
    ]
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
