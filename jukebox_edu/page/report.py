"""A report as one page: text, tables and pictures, and nothing else.

What
    `report_page` writes an HTML document of sections. There is no script in it and nothing is
    loaded: pictures stand in `data:` addresses, and a policy forbids the rest. Any text is shown
    as text, whatever it contains.
Conventions
    The same sections give the same bytes. Tables say in words what the pictures show, so the page
    can be read without them.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jukebox_edu.errors import RunError, ShapeError, must
from jukebox_edu.page.payload import as_base64
from jukebox_edu.page.text import escape

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """\
body { margin: 0; background: #eef1f4; color: #1b1f24; font: 16px/1.5 system-ui, sans-serif }
main { margin: 0 auto; max-width: 60rem; padding: 1rem 1.5rem 3rem; background: #fff }
h1 { font-size: 1.6rem; line-height: 1.3; margin: .5rem 0 }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; border-top: 1px solid #d5dbe1; padding-top: 1rem }
p { max-width: 46rem; margin: .5rem 0 }
figure { margin: .8rem 0 } img { display: block; max-width: 100%; height: auto }
.scroll { overflow-x: auto }
table { border-collapse: collapse; margin: .6rem 0 }
caption { text-align: left; color: #4d5761; padding-bottom: .2rem }
th, td { text-align: right; padding: .15rem .9rem .15rem 0; vertical-align: top;
  font-variant-numeric: tabular-nums }
th { font-weight: 600; color: #4d5761 } th:first-child, td:first-child { text-align: left }
tbody tr { border-top: 1px solid #e6eaee } tbody th { font-weight: normal; color: inherit }
"""


@dataclass(frozen=True)
class ReportTable:
    """A table with named columns; the first column names the row.

    Lesson: notebooks/13_measure_it.ipynb
    """

    head: tuple[str, ...]  # names of the columns
    rows: tuple[tuple[str, ...], ...]  # as many cells in each as columns
    caption: str = ""  # what the figures are

    def __post_init__(self) -> None:
        """Check that every row is as wide as the head."""
        wrong = [row for row in self.rows if len(row) != len(self.head)]
        if wrong:
            raise ShapeError(must("rows", wrong[0], f"{len(self.head)} cells in each row"))


@dataclass(frozen=True)
class ReportPicture:
    """A picture as a PNG file.

    Lesson: notebooks/13_measure_it.ipynb
    """

    png: bytes
    alt: str  # what it shows, in a sentence


@dataclass(frozen=True)
class ReportSection:
    """A heading and what stands under it, in this order: text, pictures, tables.

    Lesson: notebooks/13_measure_it.ipynb
    """

    heading: str
    text: tuple[str, ...] = ()  # paragraphs
    pictures: tuple[ReportPicture, ...] = ()
    tables: tuple[ReportTable, ...] = ()


def report_page(
    title: str, text: Sequence[str], sections: Sequence[ReportSection], language: str = "en"
) -> str:
    """Write a whole HTML document.

    Parameters
    ----------
    title
        Of the page.
    text
        Paragraphs below the title.
    sections
        In order.
    language
        Language of the page's words, as a BCP 47 tag.

    Lesson: notebooks/13_measure_it.ipynb
    """
    parts = [f"<h1><bdi>{escape(title)}</bdi></h1>", *map(_paragraph, text)]
    parts += [_section(section) for section in sections]
    inside = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{inside}\n</main>\n</body>\n</html>\n"
    )


def write_report_page(
    path: str | os.PathLike[str], title: str, text: Sequence[str], sections: Sequence[ReportSection]
) -> Path:
    """Write the document to a file, whole or not at all.

    Raises
    ------
    RunError
        If the file cannot be written.

    Lesson: notebooks/13_measure_it.ipynb
    """
    target = Path(path)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        unfinished.write_text(report_page(title, text, sections), encoding="utf-8", newline="\n")
        os.replace(unfinished, target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        allowed = "a file in a folder that exists and can be written"
        raise RunError(must("path", str(target), allowed, f"({error.strerror})")) from error
    return target


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _section(section: ReportSection) -> str:
    parts = [f"<h2><bdi>{escape(section.heading)}</bdi></h2>", *map(_paragraph, section.text)]
    parts += [
        f'<figure><img alt="{escape(picture.alt)}" '
        f'src="data:image/png;base64,{as_base64(picture.png)}"></figure>'
        for picture in section.pictures
    ]
    parts += [_table(table) for table in section.tables]
    inside = "\n".join(parts)
    return f"<section>\n{inside}\n</section>"


def _table(table: ReportTable) -> str:
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
    rows = []
    for first, *others in table.rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
        rows.append(f'<tr><th scope="row"><bdi>{escape(first)}</bdi></th>{cells}</tr>')
    body = "\n".join(rows)
    return (
        f'<div class="scroll"><table>{caption}\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )
