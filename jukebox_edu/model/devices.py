"""Where a model computes and how precisely, and which weights it has.

Conventions
    The codec always computes in float32; the priors' matrices may be in half precision.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from jukebox_edu.config import ModelConfig, to_json_dict
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.nn.linear import PointwiseLinear
from jukebox_edu.prior.prior import Prior
from jukebox_edu.sampling.cards import Card
from jukebox_edu.sampling.memory import level_memory

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
SMALL = 200_000_000  # weights of a model that keeps float32 on a GPU too


def checked_device(device: str | torch.device) -> torch.device:
    """Return the device, "auto" being the fastest there is, or raise `ConfigError`.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    cuda = torch.cuda.is_available()
    mps = torch.backends.mps.is_available()
    if device == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    there = ["auto", "cpu", *(["cuda"] if cuda else []), *(["mps"] if mps else [])]
    allowed = f"one of {there} on this machine"
    try:
        place = torch.device(device)
        torch.zeros(1, device=place)
    except (RuntimeError, AssertionError, TypeError, NotImplementedError):
        raise ConfigError(must("device", device, allowed)) from None
    if place.type == "meta":
        raise ConfigError(must("device", device, allowed))
    return place


def checked_dtype(
    dtype: str | torch.dtype, device: torch.device, config: ModelConfig
) -> torch.dtype:
    """Return the priors' precision; "auto" is float32, or half for a large model on a GPU.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if dtype == "auto":
        if device.type == "cpu":
            return torch.float32
        if sum(level_memory(prior).parameters for prior in config.priors) < SMALL:
            return torch.float32
        return DTYPES[half_precision(device)]
    chosen = DTYPES.get(dtype) if isinstance(dtype, str) else dtype
    if chosen is None or chosen not in DTYPES.values():
        raise ConfigError(must("dtype", dtype, f'"auto" or one of {tuple(DTYPES)}'))
    return chosen


def half_precision(device: torch.device) -> str:
    """The half precision to use: bfloat16 where a GPU computes in it, from its 8th generation on.

    Torch would also emulate it on older ones (a T4, for instance), slowly.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0):
        return "bfloat16"
    return "float16"


def free_memory(device: torch.device) -> int | None:
    """Bytes that a device has free now; None if it does not tell.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    try:  # what Linux could give without swapping
        with open("/proc/meminfo", encoding="ascii") as lines:
            found = dict(line.split(":", 1) for line in lines)
        return int(found["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None


def this_card() -> Card:
    """The fastest device here, as the table of devices describes one.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    device = checked_device("auto")
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        return Card(torch.cuda.get_device_name(device), total / 1e9, (half_precision(device),))
    free = (free_memory(device) or 0) / 1e9  # shared with everything that runs here
    if device.type == "mps":
        return Card("Apple's memory", free, ("float16",))
    return Card("free memory", free, ("float32", "bfloat16"))


def cast_prior(prior: Prior, dtype: torch.dtype) -> None:
    """Change the precision of a prior's matrices, in place; all else stays float32.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    for part in prior.modules():
        if isinstance(part, PointwiseLinear):
            part.weight.data = part.weight.data.to(dtype)


def fingerprint(config: ModelConfig, parts: Iterable[nn.Module]) -> str:
    """Short text that changes with configuration or weights: a hash of their first numbers.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    digest = hashlib.sha256(json.dumps(to_json_dict(config), sort_keys=True).encode())
    for part in parts:
        for name, tensor in part.state_dict().items():
            digest.update(name.encode())
            first: Any = tensor.detach().flatten()[:16].float().cpu()
            digest.update(first.numpy().tobytes())
    return digest.hexdigest()[:16]
