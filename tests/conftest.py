"""What all tests share: golden cases and single-threaded torch."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
os.environ.setdefault("MPLBACKEND", "Agg")


@dataclass(frozen=True)
class GoldenCase:
    """Numbers computed by the original program for one tiny random model."""

    manifest: dict[str, Any]
    arrays: dict[str, np.ndarray]
    folder: Path

    def tensor(self, name: str) -> Any:
        """One recorded array as a torch tensor."""
        import torch

        return torch.from_numpy(self.arrays[name])


def load_golden(name: str) -> GoldenCase:
    """Read one golden case, or skip the test with a reason."""
    folder = Path(os.environ.get("JUKEBOX_EDU_GOLDEN", HERE / "golden")) / name
    if not (folder / "manifest.json").exists():
        pytest.skip(f"golden case {name!r} is not in {folder.parent}")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    arrays: dict[str, np.ndarray] = {}
    if (folder / "data.npz").exists():
        with np.load(folder / "data.npz", allow_pickle=False) as data:
            arrays = {key: data[key] for key in data.files}
    return GoldenCase(manifest, arrays, folder)


@pytest.fixture
def golden() -> Any:
    """Return `golden(case_name) -> GoldenCase`."""
    return load_golden


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_works() -> None:
    """Shells start background jobs with Ctrl-C ignored; tests that interrupt need it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Folder with licensed material that is never part of the project; skip without it."""
    folder = Path(os.environ.get("JUKEBOX_EDU_SHARED", HERE.parent.parent / "shared"))
    if not folder.exists():
        pytest.skip("no folder of licensed test material (set JUKEBOX_EDU_SHARED)")
    return folder
