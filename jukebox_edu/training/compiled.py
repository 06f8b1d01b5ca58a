"""A compiled forward pass for training: the same numbers but for rounding, in less time.

What
    torch.compile writes and builds code for the Transformer of a prior, which takes minutes once
    and needs a C++ compiler. Only the forward pass inside the `with` is compiled, so that
    evaluation and sampling on the way are not compiled anew.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from types import TracebackType

import torch
from torch import nn


class CompiledForward:
    """Inside `with`, calls of a module run compiled code.

    Parameters
    ----------
    module
        Its weights and its state stay what they are.
    wanted
        False does nothing at all.
    backend
        Of torch.compile.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(self, module: nn.Module, wanted: bool = True, backend: str = "inductor") -> None:
        self._module = module
        self._forward = torch.compile(module.forward, backend=backend) if wanted else None

    def __enter__(self) -> CompiledForward:
        """Let the module's calls run compiled code."""
        if self._forward is not None:
            self._module.__dict__["forward"] = self._forward
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take it back."""
        self._module.__dict__.pop("forward", None)
