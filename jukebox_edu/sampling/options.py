"""What a user may choose about sampling, for all levels at once or level by level.

What
    Every option of `SamplingOptions` is one value for all levels or a sequence with one value per
    level. None, as a whole or for one level, means: what the model's own configuration says.
Conventions
    Sequences are indexed by level: 0 = bottom (finest) first.
Paper: [Jukebox §4.4]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jukebox_edu.config import PriorConfig
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.sampling.window import DrawSettings


@dataclass(frozen=True)
class LevelOptions:
    """What the options mean for one level.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    settings: DrawSettings  # temperature, filters, guidance
    hop: int  # codes from one window to the next


@dataclass(frozen=True)
class SamplingOptions:
    """How codes are drawn; each option is one value, or one per level (bottom first).

    Raises
    ------
    ConfigError
        If a value is not allowed.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    temperature: Any = None  # above 0; below 1 prefers likely codes
    top_k: Any = 0  # keep the k likeliest codes; 0 is off
    top_p: Any = 0.0  # keep the likeliest codes that hold this probability; 0 is off
    hop_fraction: Any = None  # from one window to the next / window, above 0 up to 1
    fast_upsample: Any = None  # not available yet: must be None
    guidance: Any = None  # strength of what is told, see `DrawSettings`; 1 is off

    def __post_init__(self) -> None:
        """Check the values; lists become tuples."""
        for field in dataclasses.fields(self):
            value = _tidy(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        if self.fast_upsample is not None:
            advice = "Writing several segments at once is not available yet."
            raise ConfigError(must("fast_upsample", self.fast_upsample, "None", advice))
        lengths = {len(v) for v in dataclasses.astuple(self) if isinstance(v, tuple)}
        for level in range(max(lengths, default=1)):
            self._settings(level, 1.0, 1.0)
            fraction = self._value("hop_fraction", level)
            if fraction is not None and not 0.0 < fraction <= 1.0:
                raise ConfigError(must("hop_fraction", fraction, "above 0 and at most 1"))

    def _value(self, name: str, level: int) -> Any:
        """The option of one level; short tuples count as they are checked elsewhere."""
        value = getattr(self, name)
        if isinstance(value, tuple):
            return value[level] if level < len(value) else None
        return value

    def _settings(self, level: int, temperature: float, guidance: float) -> DrawSettings:
        def own(name: str, default: Any) -> Any:
            value = self._value(name, level)
            return default if value is None else value

        return DrawSettings(
            own("temperature", temperature),
            own("top_k", 0),
            own("top_p", 0.0),
            own("guidance", guidance),
        )

    def for_level(self, prior: PriorConfig, levels: int) -> LevelOptions:
        """What the options mean for one prior of a model with so many levels.

        Raises
        ------
        ConfigError
            If an option is a sequence of another length than `levels`.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple) and len(value) != levels:
                allowed = f"one value, or {levels} values, one per level, bottom first"
                raise ConfigError(must(field.name, value, allowed))
        fraction = self._value("hop_fraction", prior.level)
        fraction = prior.hop_fraction if fraction is None else fraction
        hop = max(1, int(fraction * prior.n_ctx))
        return LevelOptions(self._settings(prior.level, prior.temperature, prior.guidance), hop)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, for the request of a run folder.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        return dataclasses.asdict(self)


def _tidy(name: str, value: Any) -> Any:
    """One number (or None), or a tuple of them."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not value:
            raise ConfigError(must(name, value, "one value, or one per level"))
        return tuple(_number(name, item) for item in value)
    return _number(name, value)


def _number(name: str, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or math.isnan(value):
        raise ConfigError(must(name, value, "a number, or one per level"))
    number = float(value)
    whole = isinstance(value, numbers.Integral) or name == "top_k" and number.is_integer()
    return int(number) if whole else number
