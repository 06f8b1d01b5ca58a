"""Numbers that no configuration of a model can sensibly have.

What
    A configuration from a file is believed only as far as building it is harmless: a depth of a
    billion would build layers for hours before the first shape could be compared. The limits leave
    ten times the room of the largest released model.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from typing import Any

from jukebox_edu.errors import ConfigError, must

MAX_NUMBER = 2**31  # of anything not named below
MAX_NESTING = 10  # lists and objects within each other
_LIMITS = {
    "down": 16,
    "downs": 16,
    "downs_t": 16,
    "stride": 32,
    "strides": 32,
    "strides_t": 32,
    "levels": 16,
    "depth": 1000,
    "prior_depth": 1000,
    "prime_depth": 1000,
    "cond_depth": 1000,
    "multipliers": 64,
    "hvqvae_multipliers": 64,
}


def refuse_absurd(data: Any, name: str = "configuration", *, nesting: int = 0) -> None:
    """Check every whole number in plain data (mappings, lists, numbers) against its limit.

    Raises
    ------
    ConfigError
        If one is larger than any model needs, or the data are nested too deeply.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if nesting > MAX_NESTING:
        raise ConfigError(must(name, "...", f"nested at most {MAX_NESTING} deep"))
    if isinstance(data, dict):
        for key, value in data.items():
            refuse_absurd(value, str(key), nesting=nesting + 1)
    elif isinstance(data, list | tuple):
        if len(data) > 4096:
            raise ConfigError(must(f"len({name})", len(data), "at most 4096"))
        for value in data:
            refuse_absurd(value, name, nesting=nesting + 1)
    elif isinstance(data, int) and abs(data) > _LIMITS.get(name, MAX_NUMBER):
        raise ConfigError(must(name, data, f"at most {_LIMITS.get(name, MAX_NUMBER)}"))
