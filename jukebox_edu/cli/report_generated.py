"""Sections of the report page on generated songs: how near, how varied, whether copied.

Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from jukebox_edu.cli.report_cells import NONE, percent, show
from jukebox_edu.evaluation import Report
from jukebox_edu.page.report import ReportSection, ReportTable


def _frechet(report: Report) -> ReportTable | None:
    f = report.frechet
    if f is None:
        return None
    rows = [("floor: real songs against other real songs", show(f.floor))]
    rows += [
        (f"real songs through level {level} of the codec", show(distance))
        for level, distance in enumerate(f.codec)
    ]
    rows.append(("generated songs", show(f.generated)))
    caption = (
        f"Fréchet distance to real songs on our own embedding, {f.songs_per_side} songs against "
        f"{f.songs_per_side}; mean over random halves, brackets hold 95 % of them. Few songs raise "
        "every row, the floor too: read differences from the floor."
    )
    return ReportTable(("", "distance"), tuple(rows), caption)


def _diversity(report: Report) -> ReportTable | None:
    d = report.diversity
    if d is None:
        return None
    rows = (
        ("two samples of one request", show(d.same_request), percent(d.equal_codes_same_request)),
        ("samples of different requests", show(d.other_request), NONE),
        ("real songs of one artist and genre", show(d.real_same), NONE),
        ("any two real songs", show(d.real), percent(d.equal_codes_real)),
    )
    head = ("how far apart", "distance, spreads", "equal top codes")
    return ReportTable(head, rows, "Diversity; 0 means the same song again.")


def _seams(report: Report) -> ReportTable | None:
    rows = tuple(
        (f"level {s.level}", str(s.n_seams), show(s.score), show(s.chance)) for s in report.seams
    )
    if not rows:
        return None
    caption = "Seams between windows; 0.5: like any other moment, 1: the greatest jumps of a song."
    return ReportTable(("windows of", "seams", "score", "moved at random"), rows, caption)


def generated_section(report: Report) -> ReportSection | None:
    """Seams, diversity and Fréchet distance; None if nothing of it was measured.

    Lesson: notebooks/13_measure_it.ipynb
    """
    tables = [table for table in (_frechet(report), _diversity(report), _seams(report)) if table]
    if not tables:
        return None
    text = ("Fréchet distance and diversity use our own embedding of sound (16 mel bands, mean and "
            "spread over a second). They compare the rows of these tables with each other, and "
            "with nothing else.",)  # fmt: skip
    return ReportSection("Generated songs beside real ones", text, (), tuple(tables))


def memorisation_section(report: Report) -> ReportSection | None:
    """The longest stretches shared with training songs; None if these are not known.

    Lesson: notebooks/15_whose_music.ipynb
    """
    m = report.memorisation
    if m is None:
        return None
    real = ("real songs never trained on", show(m.held_out_exact, 1), show(m.held_out_near, 1),
            show(m.held_out_longest_seconds, 2))  # fmt: skip
    rows = [real]
    if m.exact is not None:
        rows.append(("generated songs", show(m.exact, 1), show(m.near, 1),
                     show(m.longest_seconds, 2)))  # fmt: skip
    text = [f"The longest stretch of top-level codes that a song shares with {m.n_training:,} "
            "training codes; repeated codes count once."]  # fmt: skip
    if m.above_held_out is not None:
        text.append(f"{m.above_held_out:.0%} of the generated songs share more than 95 % of the "
                    "real songs do; about 5 % would mean: like real songs.")  # fmt: skip
    head = ("", "exact, codes", "nine of ten equal, codes", "longest, s")
    return ReportSection("Memorisation", tuple(text), (), (ReportTable(head, tuple(rows)),))
