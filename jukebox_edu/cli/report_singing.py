"""The section of the report page on songs that the model sang to the judges.

What
    From the ceiling to chance: the songs themselves, the same songs through each level of the
    codec, what the model sang, and the same sound scored against other lyrics.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from jukebox_edu.cli.report_cells import NONE, percent, show
from jukebox_edu.evaluation import Report
from jukebox_edu.evaluation.judges.listening import PanelFigures, SungFigures
from jukebox_edu.page.report import ReportSection, ReportTable

HEAD = ("sound", "phone errors", "words heard", "voice right", "style right", "notes in a scale")


def singing_section(report: Report) -> ReportSection | None:
    """Phones, words, voice, style and pitch of sung songs; None if nothing was sung.

    Lesson: notebooks/13_measure_it.ipynb
    """
    singing = report.singing
    if singing is None:
        return None
    ceilings = [*([] if singing.real is None else [singing.real]), *singing.codec]
    rows = [_row(part, "ceiling: ") for part in ceilings]
    rows += [_row(part) for part in singing.sampled]
    finest = singing.sampled[0]
    by = finest.best
    pitch = None if finest.pitch is None else finest.pitch.shuffled
    rows.append(
        ("chance: the finest level against another song's lyrics", percent(by.other_lyrics),
         percent(by.other_words), percent(singing.voice_chance), percent(singing.style_chance),
         show(pitch))
    )  # fmt: skip
    tuned = f"tuned on the codec {singing.judges_codec}" if finest.tuned else "for clean songs"
    text = (
        f"The model sang {len(by.per_song)} lyrics that it was never trained on, and judges "
        f"{tuned} listened. Phone errors: phones missed, wrong or too many, per phone asked for. A "
        "word is heard if every phone of it is.",
    )
    tables = [ReportTable(HEAD, tuple(rows))]
    if len(by.groups) > 1:
        tables.append(_groups(by))
    return ReportSection("Is it sung?", text, (), tuple(tables))


def _row(part: SungFigures, before: str = "") -> tuple[str, ...]:
    by = part.best
    scale = NONE if part.pitch is None else show(part.pitch.in_scale)
    shares = (by.phone_errors, by.words, by.voice, by.style)
    return (before + part.sound, *map(percent, shares), scale)


def _groups(panel: PanelFigures) -> ReportTable:
    rows = tuple(
        (g.name, str(g.phone_errors.n),
         *map(percent, (g.phone_errors, g.deletions, g.words, g.voice, g.style)))
        for g in panel.groups
    )  # fmt: skip
    head = ("songs", "number", "phone errors", "of them left out", "words heard", "voice right",
            "style right")  # fmt: skip
    return ReportTable(head, rows, "The finest level that was sung, group by group.")
