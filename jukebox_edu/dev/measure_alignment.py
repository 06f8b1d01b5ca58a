"""How well the bundled model times the bundled songs: one figure per song, and over all of them.

    python -m jukebox_edu.dev.measure_alignment [--out benchmarks/results/alignment.json]

What
    Every clip of `data_samples` is encoded, its lyrics are aligned by the top prior, and the times
    are compared with those at which the synthetic singer really sang. Beside the attention stand
    two readers that hear nothing: lyrics spread evenly over the clip, and over the part of it
    that is sung. The clips were made from seeds that the model was not trained on; voices and
    styles are those it knows.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jukebox_edu import audio
from jukebox_edu.alignment import Alignment, AlignmentScore, HeadScore, find_head
from jukebox_edu.alignment.score import times_as_read
from jukebox_edu.evaluation.intervals import estimate
from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.samples import SampleSong, data_samples
from jukebox_edu.song import Song, song_of_recording

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox


@dataclasses.dataclass(frozen=True)
class Measured:
    """One clip: what was read, and how far off it is."""

    sample: SampleSong
    song: Song
    times: LyricTimes
    attention: AlignmentScore
    evenly: float  # median error of characters spread evenly over the clip, seconds
    evenly_where_sung: float  # the same, from the first sung moment to the last, seconds


def true_times(sample: SampleSong) -> LyricTimes:
    """True times of the letters of a bundled song."""
    table = np.array(sample.character_times, dtype=float)
    table[[not sign.isalnum() and sign != "'" for sign in sample.lyrics]] = np.nan
    return LyricTimes(sample.lyrics, table[:, 0], table[:, 1])


def measure(model: Jukebox, sample: SampleSong) -> Measured:
    """Encode one clip, align it, compare."""
    clip = audio.load(sample.path, sample_rate=model.sample_rate)
    song = song_of_recording(
        model, clip.samples, sample.lyrics, artist=sample.artist, genre=sample.genre
    )
    times, found = true_times(sample), song.alignment()
    truth = times_as_read(times, found.lyrics[0])
    sung = truth[~np.isnan(truth[:, 0])]
    return Measured(
        sample,
        song,
        times,
        found.compare(times),
        _spread(truth, 0.0, sample.seconds),
        _spread(truth, float(sung[0, 0]), float(sung[-1, 1])),
    )


def _spread(truth: np.ndarray, begin: float, end: float) -> float:
    """Median error if all characters took equally long from `begin` to `end`, seconds."""
    guess = np.linspace(begin, end, len(truth), endpoint=False)
    return float(np.nanmedian(np.abs(guess - truth[:, 0])))


def summary(measured: Sequence[Measured]) -> dict[str, Any]:
    """Figures over all clips, each a mean over clips with its 95 % interval, and pooled ones."""
    late = np.concatenate([each.attention.late for each in measured])
    words = np.concatenate([each.attention.words_late for each in measured])
    means = {
        "median error of a character, seconds": [m.attention.median_error for m in measured],
        "share of characters within 0.12 s": [m.attention.within for m in measured],
        "median error of a word, seconds": [m.attention.median_word_error for m in measured],
        "share of words within 0.12 s": [m.attention.words_within for m in measured],
        "monotonicity": [m.attention.monotonicity for m in measured],
        "confidence": [m.attention.confidence for m in measured],
        "median error if spread evenly, seconds": [m.evenly for m in measured],
        "median error if spread evenly where sung, seconds": [
            m.evenly_where_sung for m in measured
        ],
    }
    pooled = {
        "median error of all characters, seconds": float(np.median(np.abs(late))),
        "share of all characters within 0.12 s": float((np.abs(late) <= 0.12).mean()),
        "median error of all words, seconds": float(np.median(np.abs(words))),
        "share of all words within 0.12 s": float((np.abs(words) <= 0.12).mean()),
        "median lateness, seconds": float(np.median(late)),
    }
    return {
        "clips": len(measured),
        "characters": len(late),
        "words": len(words),
        "per clip, mean and 95 % interval": {
            name: _rounded(dataclasses.asdict(estimate(values))) for name, values in means.items()
        },
        "pooled": _rounded(pooled),
    }


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}


def heads(model: Jukebox, measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """Every head that sees the lyrics, with and without the truth, the best by the truth first."""
    prior = model.priors[-1]
    rows: dict[tuple[int, int], list[HeadScore]] = {}
    for each in measured:
        song = each.song
        for score in find_head(prior, song.codes[-1], song.labels, [each.times]):  # type: ignore[arg-type]
            rows.setdefault((score.layer, score.head), []).append(score)
    table = []
    for (layer, head), scores in rows.items():
        figures = {
            "truth mass": float(np.mean([s.truth_mass for s in scores])),
            "monotonicity": float(np.mean([s.monotonicity for s in scores])),
            "coverage": float(np.mean([s.coverage for s in scores])),
            "confidence": float(np.mean([s.confidence for s in scores])),
        }
        table.append({"layer": layer, "head": head, **_rounded(figures)})
    return sorted(table, key=lambda row: -row["truth mass"])


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="tiny")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/alignment.json"))
    given = parser.parse_args(argv)
    import torch

    from jukebox_edu.model import load

    model = load(given.model, device="cpu")
    measured = [measure(model, sample) for sample in data_samples()]
    found: Alignment = measured[0].song.alignment()
    told = {
        "what": "times read from attention over encoded clips, against the singer's true times",
        "model": model.config.name,
        "torch": torch.__version__,
        "layer and head used": [found.layer, found.head],
        "summary": summary(measured),
        "clips": {
            each.sample.name: {
                "seconds": round(each.sample.seconds, 2),
                **each.attention.to_json(),
                "median error if spread evenly where sung, seconds": round(
                    each.evenly_where_sung, 3
                ),
            }
            for each in measured
        },
        "heads": heads(model, measured),
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(told["summary"], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
