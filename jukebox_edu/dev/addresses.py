"""Where the project lives, and what every notebook begins with because of it.

What
    The address of the repository stands here and nowhere else. `refresh_notebooks` writes the
    badge and the first cell from it into every notebook; a test holds them to it.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

REPOSITORY = "jukebox-edu/jukebox_edu"  # owner and name on GitHub
VERSION = "v0.1.0"  # the tag that notebooks point to: a branch would move under them
BADGE_IMAGE = "https://colab.research.google.com/assets/colab-badge.svg"
LIGHT = "mutagen text-unidecode"  # what Colab may lack; both are small and need nothing themselves

FIRST_CELL = f"""\
import sys

if "google.colab" in sys.modules:  # everything else is there, and nothing is upgraded
    %pip install -q --no-deps {LIGHT} git+https://github.com/{REPOSITORY}@{VERSION}"""


def badge(notebook: str) -> str:
    """Markdown of the badge that opens a notebook in Colab.

    Parameters
    ----------
    notebook
        Name of its file, e.g. "00_ten_minutes.ipynb".

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    page = f"https://colab.research.google.com/github/{REPOSITORY}/blob/{VERSION}/notebooks"
    return f"[![Open in Colab]({BADGE_IMAGE})]({page}/{notebook})"
