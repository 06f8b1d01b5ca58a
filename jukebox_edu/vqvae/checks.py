"""What the codec accepts: the checks of audio, codes and levels at its door.

Shapes
    Audio is (batch, samples) or (samples,), codes are (batch, tokens).
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.errors import ConfigError, ShapeError, must
from jukebox_edu.vqvae.losses import check_clip


def checked_audio(audio: Tensor) -> Tensor:
    """Return the audio as float32 (batch, samples), or raise `ShapeError`.

    Lesson: notebooks/04_three_levels.ipynb
    """
    if not isinstance(audio, Tensor) or not audio.is_floating_point():
        given = str(audio.dtype) if isinstance(audio, Tensor) else type(audio).__name__
        advice = "Convert it: torch.as_tensor(audio, dtype=torch.float32)."
        raise ShapeError(must("audio", given, "a tensor of real numbers", advice))
    shape = tuple(audio.shape)
    if len(shape) not in (1, 2) or 0 in shape:
        allowed = "(batch, samples) or (samples,), not empty"
        raise ShapeError(must("audio.shape", shape, allowed))
    if not bool(audio.isfinite().all()):
        advice = "Look at the file it came from."
        raise ShapeError(must("audio", "nan or infinity", "finite everywhere", advice))
    return audio.reshape(-1, shape[-1]).float()


def checked_codes(codes: Sequence[Tensor | None], level: int, config: VQVAEConfig) -> Tensor:
    """Return `codes[level]` as long (batch, tokens), or raise `ConfigError` or `ShapeError`.

    Lesson: notebooks/04_three_levels.ipynb
    """
    if level not in range(config.levels):
        raise ConfigError(must("level", level, f"from 0 (bottom) to {config.levels - 1} (top)"))
    if isinstance(codes, Tensor) or len(codes) <= level:
        given = "one tensor" if isinstance(codes, Tensor) else f"{len(codes)} entries"
        allowed = f"a list with one entry per level, at least {level + 1}"
        raise ShapeError(must("codes", given, allowed, "None will do for unused levels."))
    tokens, name = codes[level], f"codes[{level}]"
    if not isinstance(tokens, Tensor) or tokens.is_floating_point() or tokens.is_complex():
        given = str(tokens.dtype) if isinstance(tokens, Tensor) else type(tokens).__name__
        raise ShapeError(must(name, given, "a tensor of whole numbers"))
    shape = tuple(tokens.shape)
    if len(shape) != 2 or 0 in shape:
        raise ShapeError(must(f"{name}.shape", shape, "(batch, tokens), not empty"))
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= config.codebook_size:
        allowed = f"from 0 to {config.codebook_size - 1}"
        raise ShapeError(must(f"range of {name}", (low, high), allowed))
    return tokens.long()


def checked_levels(
    levels: Sequence[int] | None, samples: int, config: VQVAEConfig
) -> tuple[int, ...]:
    """Return the levels to train on clips of `samples`, or raise `ConfigError` or `ShapeError`.

    Lesson: notebooks/04_three_levels.ipynb
    """
    chosen = tuple(range(config.levels)) if levels is None else tuple(levels)
    if not chosen or not set(chosen) <= set(range(config.levels)):
        raise ConfigError(must("levels", levels, f"some of {tuple(range(config.levels))}"))
    hop = config.hop_lengths[max(chosen)]
    if samples % hop:
        advice = f"Cut it to {samples // hop * hop}."
        allowed = f"a multiple of the hop length {hop}"
        raise ShapeError(must("samples", samples, allowed, advice))
    check_clip(samples, config.losses)
    return tuple(sorted(set(chosen)))
