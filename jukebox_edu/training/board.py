"""Rows of the log for TensorBoard, which is optional.

Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jukebox_edu.errors import ConfigError, MissingPackageError, must

FOLDER = "tensorboard"  # inside the folder of the run


class Board:
    """Writes rows where TensorBoard finds them.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def add(self, row: Mapping[str, Any]) -> None:
        """Add the numbers of a row."""
        for name, value in row.items():
            if name not in ("run", "step"):
                self._writer.add_scalar(name, value, row["step"])

    def close(self) -> None:
        """Write what is waiting."""
        self._writer.close()


def open_board(out: str | Path | None) -> Board:
    """A board in the folder of a run.

    Raises
    ------
    ConfigError
        If the run has no folder.
    MissingPackageError
        If TensorBoard is not installed.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if out is None:
        raise ConfigError(must("tensorboard", True, "False without a folder", "Give out=FOLDER."))
    try:
        tensorboard = importlib.import_module("torch.utils.tensorboard")
    except ImportError:
        raise MissingPackageError(
            "tensorboard=True needs the package tensorboard: pip install 'jukebox-edu[train]'."
        ) from None
    return Board(tensorboard.SummaryWriter(str(Path(out) / FOLDER)))
