"""The card of the bundled model: `python -m jukebox_edu.dev.model_card --model FOLDER`.

What
    README.md and losses.png, written from what stands in the model's folder: its configuration,
    figures.json (`evaluate`), training.jsonl (`train_tiny`), and singing.json (`measure_singing`)
    if it is there.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jukebox_edu.checkpoints import load_model_config
from jukebox_edu.config import ModelConfig
from jukebox_edu.dev.card_cells import show, table
from jukebox_edu.dev.singing_card import singing_sections
from jukebox_edu.dev.singing_study import read_study
from jukebox_edu.evaluation import Report
from jukebox_edu.evaluation.conditioning import PriorFigures
from jukebox_edu.plotting.style import ACCENT, INK, WAVE, figure_png, new_figure, style
from jukebox_edu.sampling.storing import write_whole

LOSSES = "losses.png"  # the picture beside the card
LINES = ((WAVE, "-"), (ACCENT, "--"), (INK, ":"))  # they differ in dash and lightness
COLORS = 32  # palette of the picture

INTRODUCTION = """\
# {name}

The model bundled with jukebox_edu: a three-level VQ-VAE and three priors of Jukebox's own design,
small enough to train on two CPU cores and to sing ten seconds on one. It was trained only on songs
of the procedural songbook (`jukebox_edu.songbook`){n_songs}, whose words, voices and tunes are our
own or in the public domain.

**What it is for:** lessons, tests, trying the library. **What it is not:** a singer one would pay
to hear. It knows {voices} voices, {styles} styles and a few hundred short English words.

**What is supervised here and was not in the original:** the songbook knows which phone sounds when.
That knowledge is used in training, and no part of it is in the model:

- a phone head on the top level's vectors: codes must keep what is being said;
- a listener, a small network that was trained on the songs and then frozen: of each level's
  reconstruction it is asked whether it still hears the phones (`training/listener.py`);
- guided attention: lyric attention must look at the word that is being sung;
- phone heads on what lyric attention returns, and one on the lyric states themselves.

The original learned alignment from unaligned lyrics, with far more data.
{departures}
**Licence:** {licence}
"""

BOTH_WAYS = """
**Where the model itself departs from Jukebox:** its lyric encoder is a stack of convolutions that
see the letters on both sides, not a causal Transformer that also predicts them. How a letter is
said depends on the letters after it, and a small model learns that sooner so.
"""

GUIDED = """
**How it is sung departs, too:** the top level predicts every code twice, as asked and without
{without}, and goes {guidance:g} times as far as from the second to the first (guidance, arXiv
2207.12598). `SamplingOptions(guidance=1)` is Jukebox's own way: "no-guidance" below.
"""


def write_card(
    path: Path,
    config: ModelConfig,
    report: Report,
    log: Path,
    n_songs: int | None = None,
    singing: Path | None = None,
) -> None:
    """Write the card as Markdown, and the loss curves beside it.

    Parameters
    ----------
    path
        File to write.
    config, report, log
        Of the trained model: its shape, its figures, and the rows that `train_tiny` left.
    n_songs
        Songs trained on, if that is known.
    singing
        File of `measure_singing`, if there is one.

    Lesson: notebooks/13_measure_it.ipynb
    """
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    figure = losses_figure(rows)
    if figure is not None:
        data = figure_png(figure, COLORS)
        write_whole(path.parent / LOSSES, lambda file: file.write(data))
    parts = [
        _introduction(config, n_songs),
        _shape(config),
        *([] if singing is None else singing_sections(read_study(singing))),
        _codec(report),
        *(_prior(figures) for figures in reversed(report.priors)),
        _timing(report),
        _cost(rows, figure is not None),
    ]
    text = "\n".join(parts).encode()
    write_whole(path, lambda file: file.write(text))


def _introduction(config: ModelConfig, n_songs: int | None) -> str:
    top = config.priors[-1]
    known = [0, 0] if top.labels is None else [top.labels.n_artists, top.labels.n_genres]
    voices, styles = (max(0, n - 1) for n in known)  # the first name is "unknown"
    departures = BOTH_WAYS if top.lyrics is not None and top.lyrics.both_ways else ""
    if top.guidance != 1.0:
        without = "lyrics, voice and style" if top.guide_names else "lyrics"
        departures += GUIDED.format(without=without, guidance=top.guidance)
    return INTRODUCTION.format(
        name=config.name,
        n_songs="" if n_songs is None else f", {n_songs:,} of them",
        voices=voices,
        styles=styles,
        departures=departures,
        licence=config.licence,
    )


def losses_figure(rows: Sequence[Mapping[str, Any]]) -> Figure | None:
    """Losses over the steps of training, codec beside priors; None if the log has none.

    Lesson: notebooks/13_measure_it.ipynb
    """
    kinds = {"vqvae": "total", "prior": "nats"}  # runs, and what is drawn of them
    runs: dict[str, dict[str, list[tuple[float, float]]]] = {kind: {} for kind in kinds}
    for row in rows:
        kind = str(row.get("run", "")).split("-")[0]
        value = row.get(kinds.get(kind, ""))
        if isinstance(value, float | int) and "step" in row:
            runs[kind].setdefault(str(row["run"]), []).append((row["step"], value))
    if not any(runs.values()):
        return None
    with style():
        figure = new_figure(3.2)
        left, right = figure.subplots(1, 2)
        _draw_runs(left, runs["vqvae"], "Codec: loss of each level", "the paper's loss, no aids")
        _draw_runs(right, runs["prior"], "Priors: loss of each level", "nats per code")
    return figure


def _draw_runs(
    axes: Axes, runs: Mapping[str, Sequence[tuple[float, float]]], title: str, unit: str
) -> None:
    for (color, dash), (name, points) in zip(LINES, sorted(runs.items()), strict=False):
        steps, values = zip(*sorted(points), strict=True)
        axes.plot(steps, values, color=color, linestyle=dash, linewidth=1.2, label=name)
    axes.set_title(title)
    axes.set_xlabel("optimizer step")
    axes.set_ylabel(unit)
    if runs:
        axes.legend(loc="upper right")


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
        table(head, rows)
    )


def _codec(report: Report) -> str:
    rows = [
        (
            str(level.level),
            show(level.snr_db, 1),
            show(level.spectral_convergence),
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
        return heading + table(head, rows)
    accuracy = report.probe.accuracy
    return (
        heading
        + table(head, rows)
        + (
            f"\nPhones read from the top codes by a small probe: {accuracy.mean:.0%} "
            f"[{accuracy.low:.0%}, {accuracy.high:.0%}] of sung frames "
            f"(always guessing the commonest: {report.probe.floor:.0%}).\n"
        )
    )


def _prior(figures: PriorFigures) -> str:
    rows = [("nats per code", show(figures.nats_per_code, 3))]
    for cost in figures.costs:
        name = f"cost of {cost.told} {cost.condition}"
        rows.append((name, show(cost.nats, 3)))
        if cost.at_phone_changes is not None:
            rows.append((f"{name} at phone changes", show(cost.at_phone_changes, 3)))
    return (
        f"## Prior of level {figures.level}\n\nMiddle window of {len(figures.per_song)} songs "
        "never trained on, nats per code. A condition that costs nothing when wrong is not used."
        "\n\n" + table(("figure", "value"), rows)
    )


def _timing(report: Report) -> str:
    timing = report.timing
    if timing is None:
        return "## Alignment\n\nNot measured: no lyrics with true times.\n"
    rows = [
        ("median error of a word's start, seconds", show(timing.attention.median, 3)),
        ("the same if words were spread evenly", show(timing.linear.median, 3)),
        ("words within 0.3 s", show(timing.attention.within_300_ms)),
        ("words within 0.12 s", show(timing.attention.within_120_ms)),
        ("frames where attention does not go back", show(timing.monotone)),
        ("attention on the sung word", show(timing.mass_on_word)),
        ("the same if spread evenly", show(timing.mass_if_even)),
    ]
    return (
        "## Alignment\n\nTimes read from lyric attention over real codes, against the singer's "
        "true timing.\n\n" + table(("figure", "value"), rows)
    )


def _cost(rows: Iterable[Mapping[str, Any]], pictured: bool) -> str:
    done = {(row["stage"], row.get("start", "")): row for row in rows if "stage" in row}
    stages = [
        (stage, f"{row['wall_seconds']:.0f}", start or "–") for (stage, start), row in done.items()
    ]  # the last time counts
    rounds = (
        "The weights were trained in rounds. Where the last column names a model, the stage is of "
        "the round that went on from that one's weights; what a model bundled before had cost is "
        "not in this table. The loss curves show the last round of each.\n\n"
        if any(start for _, start in done)
        else ""
    )
    head = ("stage", "seconds", "went on from") if rounds else ("stage", "seconds")
    return (
        "## Cost\n\nWall time of the stages in seconds, one thread each, two at a time on a 2-core "
        "machine that did other work as well, so they are upper bounds. The loss curves "
        "are in `training.jsonl`.\n\n" + rounds + table(head, [row[: len(head)] for row in stages])
    ) + (f"\n![Losses of the codec's levels and of the priors, over steps]({LOSSES})\n" * pictured)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command.

    Lesson: notebooks/13_measure_it.ipynb
    """
    parser = argparse.ArgumentParser(description="Write the card of a model again.")
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--singing", type=Path, help="default: its singing.json, if there is one")
    parser.add_argument("--songs", type=int, help="number of songs it was trained on")
    given = parser.parse_args(arguments)
    own = given.model / "singing.json"
    singing = given.singing or (own if own.is_file() else None)
    figures = json.loads((given.model / "figures.json").read_text(encoding="utf-8"))
    write_card(
        given.model / "README.md",
        load_model_config(given.model),
        Report.from_json(figures),
        given.model / "training.jsonl",
        given.songs,
        singing,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
