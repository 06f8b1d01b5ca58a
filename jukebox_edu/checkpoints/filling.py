"""Filling an empty model with tensors from a file, one at a time.

What
    The model is built on torch's "meta" device, where tensors have shapes but no memory. Names and
    shapes are compared with the file's; only then are numbers read, checked, converted and put in
    their place. The peak is the finished model and one tensor.

    Precision: the matrices of pointwise layers (nearly all of a prior) get the precision that was
    asked for, and with them the Transformer computes; everything else is float32.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

from jukebox_edu.checkpoints.reading import StoredTensor
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.nn.empty import without_memory
from jukebox_edu.nn.linear import PointwiseLinear

Model = TypeVar("Model", bound=nn.Module)
MATRIX_DTYPES = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Incoming:
    """One tensor of a model and what a file has for it.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    names: tuple[str, ...]  # all names it has in our model
    expected: Tensor  # the model's own, without numbers
    stored: StoredTensor  # reading it checks its numbers and gives them their precision


def empty_model(build: Callable[[], Model]) -> Model:
    """Build a model without memory for its weights, ready for `fill`.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    with without_memory():
        return build().requires_grad_(False).eval()


def fill(
    model: Model,
    tensors: Mapping[str, StoredTensor],
    names: Mapping[str, str],
    *,
    source: str,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Model:
    """Put a file's tensors into an empty model.

    Parameters
    ----------
    model
        From `empty_model`.
    tensors
        The file's tensors by their names there.
    names
        Our name -> name in the file. Tensors that the model shares may be missing but once.
    source
        The file, for messages.
    device, dtype
        Where to, and the precision of the matrices.

    Raises
    ------
    CheckpointError
        If names or shapes differ, or a number is not finite.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if dtype not in MATRIX_DTYPES:
        raise ConfigError(must("dtype", dtype, f"one of {MATRIX_DTYPES}"))
    state: dict[str, Tensor] = {}
    for item in incoming(model, tensors, names, source=source, dtype=dtype):
        value = item.stored.read().to(device)
        if isinstance(item.expected, nn.Parameter):
            value = nn.Parameter(value, requires_grad=False)
        state.update(dict.fromkeys(item.names, value))  # one tensor under all its names stays one
    model.load_state_dict(state, strict=True, assign=True)
    _fill_scratch_buffers(model, device)
    return model


def incoming(
    model: nn.Module,
    tensors: Mapping[str, StoredTensor],
    names: Mapping[str, str],
    *,
    source: str,
    dtype: torch.dtype | None,
) -> list[Incoming]:
    """Compare a file's names and shapes with the model's, and say what to read for each tensor.

    Parameters are those of `fill`; with `dtype` None everything keeps the file's precision.

    Raises
    ------
    CheckpointError
        If names or shapes differ; on reading, if a number is not finite.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    shared = _shared_names(model)
    _compare(shared, tensors, names, source)
    matrices, found = matrix_names(model), []
    for ours, expected in shared:
        present = [names[name] for name in ours if names[name] in tensors]
        precision = dtype if ours[0] in matrices else torch.float32
        if dtype is None or precision is None:
            precision = tensors[present[0]].dtype
        read = partial(_read_shared, tensors, present, precision, source)
        stored = StoredTensor(tuple(expected.shape), precision, read)
        found.append(Incoming(tuple(ours), expected, stored))
    return found


def matrix_names(model: nn.Module) -> set[str]:
    """Our names of the matrices that may be kept in half precision.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    pointwise = (p for p, part in model.named_modules() if isinstance(part, PointwiseLinear))
    return {f"{prefix}.weight" for prefix in pointwise}


def _shared_names(model: nn.Module) -> list[tuple[list[str], Tensor]]:
    """Each tensor of the model once, with all names it has there."""
    groups: dict[int, tuple[list[str], Tensor]] = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        groups.setdefault(id(tensor), ([], tensor))[0].append(name)
    return list(groups.values())


def _compare(
    shared: list[tuple[list[str], Tensor]],
    tensors: Mapping[str, StoredTensor],
    names: Mapping[str, str],
    source: str,
) -> None:
    """Refuse unless the file holds exactly the model's tensors, in their shapes."""
    advice = "Is it another model than the configuration (hparams) describes?"
    known = {names[name] for ours, _ in shared for name in ours}
    extra = sorted(set(tensors) - known)
    missing = [names[ours[0]] for ours, _ in shared if not any(names[n] in tensors for n in ours)]
    for problem, found in (("lacks", missing), ("has unexpected", extra)):
        if found:
            raise CheckpointError(
                f"{source} {problem} {len(found)} of its tensors, such as {found[:3]}. {advice}"
            )
    for ours, expected in shared:
        for name in (names[n] for n in ours if names[n] in tensors):
            stored = tensors[name]
            if stored.shape != tuple(expected.shape):
                raise CheckpointError(
                    f"{source}: {name} has shape {stored.shape} and must have "
                    f"{tuple(expected.shape)}. {advice}"
                )
            if not stored.dtype.is_floating_point:
                raise CheckpointError(f"{source}: {name} holds {stored.dtype}, not real numbers.")


def _read_shared(
    tensors: Mapping[str, StoredTensor], present: list[str], dtype: torch.dtype, source: str
) -> Tensor:
    """Read a tensor that the file may hold under several names, which must agree."""
    value = _read(tensors[present[0]], present[0], dtype, source)
    for name in present[1:]:
        if not torch.equal(value, _read(tensors[name], name, dtype, source)):
            raise CheckpointError(
                f"{source}: {present[0]} and {name} differ, but this model uses one tensor for "
                "both. A model with two says merged_decoder=True in its configuration (hparams)."
            )
    return value


def _largest(value: Tensor) -> float:
    """Largest absolute value; nan if any number is nan."""
    if value.numel() == 0:
        return 0.0
    low, high = (float(end) for end in value.aminmax())  # both are nan if one number is
    return math.nan if math.isnan(low) else max(-low, high)


def _read(stored: StoredTensor, name: str, dtype: torch.dtype, source: str) -> Tensor:
    value = stored.read()
    largest = _largest(value)
    if not math.isfinite(largest):
        raise CheckpointError(
            f"{source}: {name} holds numbers that are not finite. The file is damaged or the "
            "training run had failed: use another one."
        )
    if largest > torch.finfo(dtype).max:
        raise CheckpointError(
            f"{source}: {name} holds numbers too large for {dtype}. Use dtype=torch.float32."
        )
    return value.to(dtype)


def _fill_scratch_buffers(model: nn.Module, device: torch.device | str) -> None:
    """Give memory to buffers that files never hold (running averages); they start at zero."""
    for part in model.modules():
        for name, buffer in part.named_buffers(recurse=False):
            if buffer.is_meta:
                setattr(part, name, torch.zeros_like(buffer, device=device))
