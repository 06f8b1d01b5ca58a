"""Windows: how a song longer than a prior's context is written piece by piece.

What
    A prior sees `n_ctx` codes. A longer level is covered by overlapping windows, `hop` codes
    apart; each keeps what is there already as its prompt and writes the rest.

        codes   0        hop      n_ctx
        first   [ new new new new ]
        second           [ prompt  | new ]
        third                     [ prompt | new ]

    A level shorter than one window is written as one *partial* window.
Conventions
    Positions count codes of the level itself. `factor` is codes per code of the level above.
Paper: [Jukebox §4.4, appendix B.2]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

from jukebox_edu.errors import ConfigError, must


@dataclass(frozen=True)
class Window:
    """One call of a prior."""

    level: int  # 0 = bottom
    start: int  # first code of the window
    n_prompt: int  # codes that are there already and are kept
    n_new: int  # codes to be written

    @property
    def stop(self) -> int:
        """Code after the last one written."""
        return self.start + self.n_prompt + self.n_new


def window_starts(total: int, window: int, hop: int) -> list[int]:
    """First codes of the windows that cover `total` codes; the last one is pulled back to fit.

    Parameters
    ----------
    total
        Codes of the level, at least `window`.
    window, hop
        Codes seen at once, and codes from one window to the next.

    Raises
    ------
    ConfigError
        If a number is not positive, or `total` is shorter than one window.

    Lesson: notebooks/09_windows_and_upsampling.ipynb

    >>> window_starts(6890, 6144, 768)
    [0, 746]
    """
    for name, value in (("window", window), ("hop", hop)):
        if value < 1:
            raise ConfigError(must(name, value, "at least 1 code"))
    if total < window:
        raise ConfigError(must("total", total, f"at least one window of {window} codes"))
    return [min(start, total - window) for start in range(0, total - window + hop, hop)]


def level_windows(
    level: int, total: int, n_ctx: int, hop: int, *, existing: int = 0, factor: int | None = None
) -> tuple[Window, ...]:
    """Every window that a level still needs.

    Parameters
    ----------
    level
        0 = bottom.
    total
        Codes the level shall have in the end.
    n_ctx, hop
        Window length and hop in codes.
    existing
        Codes that are there already (a prompt, or a song to continue).
    factor
        Codes per code of the level above; None at the top.

    Raises
    ------
    ConfigError
        If an upsampler would need upper codes that do not exist: the level is shorter than its
        window, or windows do not start on whole upper codes.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    if existing >= total:
        return ()
    if total < n_ctx:
        if factor is not None:
            advice = "Ask for more seconds, or for the upper levels only."
            allowed = f"at least one window of {n_ctx} codes at level {level}"
            raise ConfigError(must("seconds", f"{total} codes", allowed, advice))
        return (Window(level, 0, existing, total - existing),)
    windows = []
    have = existing
    for start in window_starts(total, n_ctx, hop):
        if start + n_ctx <= have:
            continue
        if factor is not None and start % factor:
            advice = f"Choose hop_fraction so that the hop is a multiple of {factor}."
            allowed = f"a whole upper code (multiple of {factor})"
            raise ConfigError(must(f"window start at level {level}", start, allowed, advice))
        prompt = max(0, have - start)
        windows.append(Window(level, start, prompt, n_ctx - prompt))
        have = start + n_ctx
    return tuple(windows)


def continuation_window(level: int, existing: int, n_new: int, n_ctx: int) -> Window:
    """One window that adds exactly `n_new` codes after `existing` ones (co-composing).

    The prompt is as long as fits beside the new codes.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    if not 0 < n_new <= n_ctx:
        raise ConfigError(must("n_new", n_new, f"from 1 to one window of {n_ctx} codes"))
    start = max(0, existing - n_ctx + n_new)
    return Window(level, start, existing - start, n_new)


def split_batch(n_samples: int, size: int) -> list[int]:
    """Sizes of consecutive groups of at most `size` samples.

    Lesson: notebooks/10_sampling_fast.ipynb

    >>> split_batch(7, 3)
    [3, 3, 1]
    """
    if size < 1:
        raise ConfigError(must("size", size, "at least 1 sample"))
    return [min(size, n_samples - i) for i in range(0, n_samples, size)]
