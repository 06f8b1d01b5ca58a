"""The picture of the README: `python -m jukebox_edu.dev.readme_picture docs/song.png`.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jukebox_edu.model import load

LYRICS = "the moon and the stars will shine\ncome and sing with me"


def main(arguments: list[str] | None = None) -> int:
    """Sing a line with the bundled model and draw the song.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    parser = argparse.ArgumentParser(prog="readme_picture", description=__doc__.splitlines()[0])
    parser.add_argument("picture", type=Path, help="PNG file to write")
    picture = parser.parse_args(arguments).picture
    model = load("tiny", device="cpu")
    song = model.sample(LYRICS, artist="Bruno Deep", genre="a cappella", seconds=10, seed=1)
    picture.parent.mkdir(parents=True, exist_ok=True)
    song.plot().savefig(picture, dpi=130, metadata={"Software": None})
    return 0


if __name__ == "__main__":
    sys.exit(main())
