"""Building a model without memory for its weights.

What
    A model of five billion numbers is built in milliseconds on torch's meta device, which keeps
    shapes and nothing else; its weights are then read one by one to where they belong. Filling new
    weights with random numbers is left out: on the meta device it means nothing, and the first
    such call would import a compiler, seconds of work.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class _NoRandomNumbers(TorchFunctionMode):
    """Passes every call on but `normal_` and its kin."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if getattr(func, "__name__", "") in ("normal_", "uniform_", "kaiming_uniform_"):
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


@contextlib.contextmanager
def without_memory() -> Iterator[None]:
    """Modules made inside have shapes, but no weights.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    with torch.device("meta"), _NoRandomNumbers():
        yield
