"""What became of the ablations: which order the variants have, beside the paper's order.

What
    Each ablation is a list of variants in the paper's order, best first. A seed agrees if our mean
    figures fall in the same order. How sure that is, say the differences of neighbors: song by
    song, worse minus better, with their 95 % interval over held-out songs.
Conventions
    Spectral convergence in dB: lower is better, 0 is what silence gets.
Paper: [Jukebox §5.1], tables 4 to 6
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jukebox_edu.dev.ablation_models import VARIANTS
from jukebox_edu.evaluation.intervals import Estimate, estimate
from jukebox_edu.evaluation.paper import ABLATIONS as PAPER
from jukebox_edu.evaluation.paper import CONVERGENCE
from jukebox_edu.plotting.ablations import AblationPanel, AblationRow


@dataclass(frozen=True)
class Ablation:
    """One question, and the paper's answer.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    name: str  # in the results
    question: str  # for people
    order: tuple[str, ...]  # names of variants, best first
    paper: Mapping[str, float]  # the paper's variants and their dB, best first


ABLATIONS: tuple[Ablation, ...] = (
    Ablation(
        "restarts",
        "bottom level: do restarts of neglected codes help?",
        ("bottom-512", "bottom-512-no-restarts"),
        {"restarts": CONVERGENCE[0].db, "no restarts": CONVERGENCE[0].without_restart_db},
    ),
    Ablation(
        "codebook size",
        "bottom level: what does a larger codebook buy?",
        ("bottom-unquantized", "bottom-512", "bottom-128", "bottom-32"),
        {row.variant: row.db for row in sorted(PAPER, key=lambda row: row.db) if row.table == 5},
    ),
    Ablation(
        "spectral loss",
        "top level: does the spectral loss help?",
        ("top", "top-no-spectral-loss"),
        {row.variant: row.db for row in PAPER if row.table == 6 and "shared" not in row.variant},
    ),
    Ablation(
        "shared autoencoder",
        "top level: an autoencoder of its own, or one for all levels?",
        ("top", "top-shared"),
        {row.variant: row.db for row in PAPER if row.table == 6 and "without" not in row.variant},
    ),
)


@dataclass(frozen=True)
class Measured:
    """One variant of one seed, on held-out songs.

    Lesson: notebooks/04_three_levels.ipynb
    """

    db: tuple[float, ...]  # spectral convergence of each song, dB
    all_levels_db: tuple[float, ...]  # of all codes of a shared autoencoder; else empty
    used: int | None  # different codes that occur in all songs together; None: no codes
    perplexity: float | None  # as many codes, used alike, would tell as much
    seconds: float  # of training

    def to_json(self) -> dict[str, Any]:
        """Figures for the file of results."""
        told: dict[str, Any] = {
            "db": rounded(estimate(self.db)),
            "training seconds": round(self.seconds, 1),
        }
        if self.used is not None and self.perplexity is not None:
            told |= {"codes used": self.used, "perplexity": round(self.perplexity, 1)}
        if self.all_levels_db:
            told["db from the codes of all levels"] = rounded(estimate(self.all_levels_db))
        return told


Results = Mapping[int, Mapping[str, Measured]]  # seed -> name of the variant -> figures


@dataclass(frozen=True)
class Ordering:
    """Whether one ablation of one seed falls in the paper's order.

    Lesson: notebooks/13_measure_it.ipynb
    """

    agrees: bool  # every neighbor's mean is higher than the one before it
    differences: tuple[Estimate, ...]  # of neighbors, worse minus better by the paper, dB

    @property
    def clear(self) -> bool:
        """Whether no interval of a difference reaches 0."""
        return all(difference.low > 0 for difference in self.differences)


def rounded(value: Estimate) -> dict[str, float | int]:
    """An estimate for the file of results.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return {key: round(number, 3) for key, number in dataclasses.asdict(value).items()}


def ordering(ablation: Ablation, measured: Mapping[str, Measured]) -> Ordering:
    """Compare the order of one seed's variants with the paper's.

    Lesson: notebooks/13_measure_it.ipynb
    """
    rows = [np.asarray(measured[name].db) for name in ablation.order]
    pairs = list(zip(rows[:-1], rows[1:], strict=True))
    differences = tuple(estimate((worse - better).tolist()) for better, worse in pairs)
    return Ordering(all(difference.mean > 0 for difference in differences), differences)


def summary(ablation: Ablation, results: Results) -> dict[str, Any]:
    """One ablation over all seeds, for the file of results.

    Lesson: notebooks/13_measure_it.ipynb
    """
    orders = {seed: ordering(ablation, measured) for seed, measured in results.items()}
    return {
        "question": ablation.question,
        "paper, best first, dB": dict(ablation.paper),
        "expected order, best first": list(ablation.order),
        "seeds in this order": [seed for seed, order in orders.items() if order.agrees],
        "agrees in every seed": all(order.agrees for order in orders.values()),
        "no interval of a difference reaches 0": all(order.clear for order in orders.values()),
        "differences of neighbors, worse minus better, dB": {
            str(seed): [rounded(difference) for difference in order.differences]
            for seed, order in orders.items()
        },
    }


def report(results: Results) -> dict[str, Any]:
    """All figures and orders in plain JSON types.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return {
        "orderings": {each.name: summary(each, results) for each in ABLATIONS},
        "variants": {
            variant.name: {
                "what": variant.label,
                "level": variant.level,
                "codebook": variant.codebook_size,
                "seeds": {str(seed): row[variant.name].to_json() for seed, row in results.items()},
            }
            for variant in VARIANTS
        },
    }


def markdown(results: Results) -> str:
    """A table of every ablation, our variants beside what the paper says.

    Lesson: notebooks/13_measure_it.ipynb
    """
    labels = {variant.name: variant for variant in VARIANTS}
    seeds = list(results)
    lines = ["Spectral convergence on held-out songs, dB; lower is better, silence has 0.", ""]
    for ablation in ABLATIONS:
        agreeing = [s for s in seeds if ordering(ablation, results[s]).agrees]
        paper = " < ".join(f"{name} {db:+.1f}" for name, db in ablation.paper.items())
        head = "".join(f" seed {seed} |" for seed in seeds)
        line = "| --- |" + " --- |" * (len(seeds) + 1)
        lines += [
            f"**{ablation.question}** The paper: {paper}. "
            f"The same order in {len(agreeing)} of {len(seeds)} seeds.",
            "",
            f"| variant |{head} codes used |",
            line,
        ]
        for name in ablation.order:
            cells = "".join(f" {_cell(results[seed][name].db)} |" for seed in seeds)
            lines.append(f"| {labels[name].label} |{cells} {_used(name, results)} |")
        lines.append("")
    return "\n".join(lines)


def panels(results: Results) -> list[AblationPanel]:
    """What the picture shows.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    labels = {variant.name: variant.label for variant in VARIANTS}
    found = []
    for ablation in ABLATIONS:
        paper = ", ".join(f"{name} {db:+.1f}" for name, db in ablation.paper.items())
        rows = [
            AblationRow(labels[name], {s: estimate(row[name].db) for s, row in results.items()})
            for name in ablation.order
        ]
        found.append(AblationPanel(ablation.name.capitalize(), f"the paper: {paper}", rows))
    return found


def _cell(db: Sequence[float]) -> str:
    found = estimate(db)
    return f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _used(name: str, results: Results) -> str:
    """Codes that occur, of how many; for each seed."""
    size = next(variant.codebook_size for variant in VARIANTS if variant.name == name)
    if size is None:
        return "none"
    counts = ", ".join(str(measured[name].used) for measured in results.values())
    return f"{counts} of {size}"
