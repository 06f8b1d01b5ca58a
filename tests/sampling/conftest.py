"""Shared by the tests of this folder: one tiny random model."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for tiny_models


@pytest.fixture(scope="session")
def model():
    """Three levels, separate lyric encoder."""
    from tiny_models import tiny_model

    return tiny_model()
