"""A `Report` as the sections of a page: sentences, pictures, tables.

What
    Every figure stands with its 95 % interval in brackets, and beside what it must be compared
    with: the best that can be (ceiling), what no knowledge gives (chance), the paper's.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jukebox_edu import plotting
from jukebox_edu.cli.report_cells import NONE, percent, show
from jukebox_edu.cli.report_generated import generated_section, memorisation_section
from jukebox_edu.cli.report_singing import singing_section
from jukebox_edu.evaluation import Report, paper
from jukebox_edu.evaluation.conditioning import PriorFigures
from jukebox_edu.evaluation.word_errors import TimingErrors
from jukebox_edu.page.report import ReportPicture, ReportSection, ReportTable
from jukebox_edu.page.sentences import level_name

COLORS = 64  # palette of the pictures
QUANTITIES = ("total", "bits", "nats", "loss")  # of a training log, the first one found is drawn


def _picture(figure: Any, alt: str) -> ReportPicture:
    return ReportPicture(plotting.figure_png(figure, COLORS), alt)


def introduction(report: Report) -> tuple[str, ...]:
    """What was measured, and how to read it.

    Lesson: notebooks/13_measure_it.ipynb
    """
    source = f" from {report.source}" if report.source else ""
    return (
        f"{len(report.songs)} songs{source}, {report.seconds:.0f} seconds of music, and "
        f"{report.n_generated} generated songs. Weights {report.weights}. Measured in "
        f"{report.wall_seconds:.0f} s on {report.machine}.",
        "Figures are means over songs; brackets hold 95 % intervals. A figure alone says little: "
        "each one stands beside its ceiling (the best that can be), its chance (what no knowledge "
        "gives), or both. Level 0 is the bottom (finest) level.",
    )


def sections(report: Report, log: Sequence[Mapping[str, Any]] = ()) -> tuple[ReportSection, ...]:
    """All sections of the page; `log` holds the rows of a training log.

    Lesson: notebooks/13_measure_it.ipynb
    """
    found: list[ReportSection | None] = [_codec(report), _codebooks(report)]
    found += [_prior(figures, report) for figures in reversed(report.priors)]
    found += [_timing(report), _probe(report), generated_section(report)]
    found += [
        singing_section(report),
        memorisation_section(report),
        _training(log),
        _songs(report),
        _notes(report),
    ]
    return tuple(section for section in found if section is not None)


def _codec(report: Report) -> ReportSection:
    rows = [
        (
            f"{f.level} ({level_name(f.level, len(report.codec))})",
            str(f.hop_length),
            show(f.snr_db, 1),
            show(f.spectral_convergence),
            show(f.spectral_convergence_db, 1),
            show(f.log_spectral_db, 1),
        )
        for f in report.codec
    ]
    rows.append(("silence instead", NONE, "0.0", "1.00", "0.0", NONE))
    other = report.codec[0].other_song_db
    rows.append(("another song instead", NONE, NONE, NONE, NONE, show(other, 1)))
    theirs = [
        (f"{p.level} ({level_name(p.level, 3)})", str(p.hop_length), f"{p.db:.1f}",
         f"{p.without_restart_db:.1f}")
        for p in paper.CONVERGENCE
    ]  # fmt: skip
    figure = plotting.convergence_figure(
        [f.spectral_convergence_db for f in report.codec],
        [p.db for p in paper.CONVERGENCE],
        [f.hop_length for f in report.codec],
        [p.hop_length for p in paper.CONVERGENCE],
    )
    head = ("level", "samples per code", "signal to noise, dB", "spectral convergence",
            "the same, dB", "log-spectral distance, dB")  # fmt: skip
    paper_head = ("level", "samples per code", "convergence, dB", "without restart, dB")
    return ReportSection(
        "What each level of the codec keeps",
        ("Each level decodes the song alone. Signal to noise: higher is better; the others: lower "
         "is better. Convergence compares loud parts most; log-spectral distance all alike, "
         "down to 60 dB below full scale.",),
        (_picture(figure, "Spectral convergence of each level in dB, the paper's beside it."),),
        (ReportTable(head, tuple(rows)),
         ReportTable(paper_head, tuple(theirs), f"The paper's codec ({paper.SOURCE}). Another "
                     "sample rate and other songs: a point of view, not a target.")),
    )  # fmt: skip


def _codebooks(report: Report) -> ReportSection:
    rows = [
        (
            f"{f.level} ({level_name(f.level, len(report.codec))})",
            percent(f.used),
            show(f.perplexity, 0),
            show(f.entropy_bits),
            show(f.most_bits),
            show(f.bits_per_second, 0),
        )
        for f in report.codec
    ]
    head = ("level", "codes that occur", "perplexity", "entropy, bits per code",
            "ceiling, bits per code", "bits per second")  # fmt: skip
    figure = plotting.codebooks_figure([f.counts for f in report.codec])
    return ReportSection(
        "How the codes are used",
        ("Perplexity is the number of codes that would do if all were used alike. Few songs use "
         "few codes: shares and perplexities grow with the number of songs.",),
        (_picture(figure, "Share of each code of every level, the most frequent first."),),
        (ReportTable(head, tuple(rows)),),
    )  # fmt: skip


def _prior(figures: PriorFigures, report: Report) -> ReportSection:
    by_frequency = report.codec[figures.level].entropy_bits
    bits = ReportTable(
        ("", "bits per code", "bits per second"),
        (
            ("this prior", show(figures.bits_per_code), show(figures.bits_per_second, 0)),
            ("chance: codes by their frequency", show(by_frequency),
             show(report.codec[figures.level].bits_per_second, 0)),
            ("chance: all codes alike", show(figures.even_bits), NONE),
        ),
    )  # fmt: skip
    name = level_name(figures.level, len(report.priors))
    text = (f"One window of {figures.window_seconds:.2f} s ({figures.n_ctx:,} codes) from the "
            "middle of every song. What costs nothing when it is wrong is not used.",)  # fmt: skip
    if not figures.costs:
        return ReportSection(f"What the prior of level {figures.level} knows ({name})", text, (),
                             (bits,))  # fmt: skip
    names = [f"{cost.told} {cost.condition}" for cost in figures.costs]
    figure = plotting.costs_figure(
        names,
        [cost.nats for cost in figures.costs],
        [cost.at_phone_changes for cost in figures.costs],
        f"Level {figures.level} ({name}): cost of being told something wrong",
    )
    rows = tuple(
        (name, show(cost.nats, 3), show(cost.at_phone_changes, 3), str(cost.nats.n))
        for name, cost in zip(names, figures.costs, strict=True)
    )
    head = ("told", "cost, nats per code", "at phone changes", "songs")
    caption = "Wrong: that of another song. Missing: unknown name, no words, codes of silence."
    alt = f"What wrong and missing conditions cost the prior of level {figures.level}."
    return ReportSection(
        f"What the prior of level {figures.level} knows ({name})",
        text,
        (_picture(figure, alt),),
        (bits, ReportTable(head, rows, caption)),
    )


def _error_row(name: str, errors: TimingErrors) -> tuple[str, ...]:
    return (
        name,
        show(errors.median, 3),
        show(errors.mean, 3),
        percent(errors.within_300_ms),
        percent(errors.within_120_ms),
        percent(errors.segments),
        show(errors.perceptual),
    )


def _timing(report: Report) -> ReportSection | None:
    timing = report.timing
    if timing is None:
        return None
    head = ("", "median error, s", "mean error, s", "within 0.3 s", "within 0.12 s",
            "correct segments", "perceptual")  # fmt: skip
    rows = (
        _error_row("attention", timing.attention),
        _error_row("words spread evenly", timing.linear),
        _error_row("chance: random moments", timing.chance),
        _error_row("ceiling: truth in whole codes", timing.ceiling),
    )
    more = (
        ("median error of a character, s", show(timing.character_median, 3)),
        ("frames in which attention does not go back", percent(timing.monotone)),
        ("attention on the word being sung", percent(timing.mass_on_word)),
        ("the same if attention were even (chance)", percent(timing.mass_if_even)),
        ("frames with the strongest attention in that word", percent(timing.strongest_in_word)),
    )
    return ReportSection(
        "When words are sung",
        (f"The beginnings of {timing.n_words:,} words, read from attention (layer {timing.layer}, "
         f"head {timing.head}) over real codes, in the conventions of mir_eval.alignment.",),
        (_picture(plotting.timing_figure(timing.errors),
                  "Histogram of the errors of the words' beginnings."),),
        (ReportTable(head, rows), ReportTable(("attention", "value"), more)),
    )  # fmt: skip


def _probe(report: Report) -> ReportSection | None:
    probe = report.probe
    if probe is None:
        return None
    rows = (
        ("read by a small probe", percent(probe.accuracy)),
        ("chance: always the commonest phone", percent(probe.floor)),
    )
    return ReportSection(
        "Words in the top codes",
        ("Phones guessed from top-level codes by a small network trained on other songs; a lower "
         "bound on what the codes keep, since the probe sees few songs.",),
        (),
        (ReportTable(("sung frames whose phone is right", "share"), rows),),
    )  # fmt: skip


def _training(log: Sequence[Mapping[str, Any]]) -> ReportSection | None:
    """Each row of the log is drawn once, by the first of the known quantities that it holds."""
    pictures = []
    for number, name in enumerate(QUANTITIES):
        rows = [row for row in log if not any(other in row for other in QUANTITIES[:number])]
        if any("step" in row and name in row for row in rows):
            figure = plotting.runs_figure(rows, name)
            pictures.append(_picture(figure, f"Training: {name} over the steps of each run."))
    return ReportSection("Training", (), tuple(pictures)) if pictures else None


def _songs(report: Report) -> ReportSection:
    head = ("song", *(f"level {f.level}, nats per code" for f in report.priors))
    rows = tuple(
        (name, *(show(f.per_song[i], 3) for f in report.priors))
        for i, name in enumerate(report.songs)
    )
    return ReportSection("Song by song", (), (), (ReportTable(head, rows),))


def _notes(report: Report) -> ReportSection | None:
    return ReportSection("Notes", report.notes) if report.notes else None
