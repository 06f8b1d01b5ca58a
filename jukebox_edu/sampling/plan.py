"""The plan of a song: what will be written, in which windows, before anything is computed.

What
    `make_plan` turns seconds into samples, codes and windows for every level, checks that the
    model can do it, and remembers in words what was rounded. The plan is data: it can be read
    (`explain`), drawn (`plot`) and kept (`to_json`).
Conventions
    `seconds` is the length of the whole song, a prompt included. Levels stand in the order of
    work, top first; level 0 is the bottom.
Paper: [Jukebox §4.4]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jukebox_edu import units
from jukebox_edu.config import ModelConfig, from_json_dict, to_json_dict
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.sampling.memory import LevelMemory, level_memory
from jukebox_edu.sampling.options import SamplingOptions
from jukebox_edu.sampling.window import DrawSettings
from jukebox_edu.sampling.windows import Window, level_windows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_SAMPLES = 1024  # songs of one batch


@dataclass(frozen=True)
class LevelPlan:
    """What one level has and what it still needs.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    level: int  # 0 = bottom
    n_ctx: int  # window length, codes
    hop: int  # from one window to the next, codes
    hop_length: int  # samples per code
    existing: int  # codes that are there already
    total: int  # codes in the end
    windows: tuple[Window, ...]  # in the order of work
    settings: DrawSettings  # temperature, filters, guidance

    @property
    def n_new(self) -> int:
        """Codes that will be drawn, per sample."""
        return sum(window.n_new for window in self.windows)


@dataclass(frozen=True)
class Plan:
    """A song before it is written.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    model: str  # name of the model
    sample_rate: int  # samples per second
    hop_lengths: tuple[int, ...]  # samples per code of every level of the model, bottom first
    n_samples: int  # songs written side by side
    length: int  # of the song in the end, samples
    total_length: int  # of the whole song that the model believes to be writing, samples
    prompt_length: int  # samples that are there already at every level
    levels: tuple[LevelPlan, ...]  # in the order of work: top first
    notes: tuple[str, ...] = ()  # what was rounded or chosen, in words
    memory: tuple[LevelMemory, ...] = ()  # of each of `levels`
    itemsize: int = 4  # bytes per number of the priors' dtype
    rates: tuple[float | None, ...] = field(default=(), compare=False)  # steps/s measured before

    @property
    def seconds(self) -> float:
        """Length of the song in seconds."""
        return units.samples_to_seconds(self.length, self.sample_rate)

    @property
    def total_seconds(self) -> float:
        """Length of the whole song that the model believes to be writing, in seconds."""
        return units.samples_to_seconds(self.total_length, self.sample_rate)

    @property
    def n_new(self) -> int:
        """Positions that will be drawn over all levels (each for all samples at once)."""
        return sum(level.n_new for level in self.levels)

    def explain(self) -> str:
        """The plan in words: windows, codes, roundings, memory, and time where rates are known.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        from jukebox_edu.sampling.plan_text import explain

        return explain(self)

    def plot(self) -> Figure:
        """The plan as a picture: one bar per window.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        from jukebox_edu.plotting import WindowSpan, plan_figure

        spans = []
        for level in self.levels:
            second = level.hop_length / self.sample_rate  # of one code
            for w in level.windows:
                times = (w.start * second, (w.start + w.n_prompt) * second, w.stop * second)
                spans.append(WindowSpan(level.level, *times))
        return plan_figure(spans, title=f"Plan: {self.seconds:.2f} s with {self.model}")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; `rates` belong to the machine and are left out.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        return to_json_dict(replace(self, rates=()))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Plan:
        """Rebuild from what `to_json` gave.

        Raises
        ------
        ConfigError
            If the data have another form.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        return from_json_dict(cls, data)


def checked_n_samples(n_samples: Any) -> int:
    """Return `n_samples`, or raise `ConfigError` if it is no sensible batch size.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    whole = isinstance(n_samples, int) and not isinstance(n_samples, bool)
    if not whole or not 1 <= n_samples <= MAX_SAMPLES:
        raise ConfigError(must("n_samples", n_samples, f"a whole number from 1 to {MAX_SAMPLES}"))
    return n_samples


def make_plan(
    config: ModelConfig,
    *,
    seconds: float,
    total_seconds: float | None = None,
    n_samples: int = 1,
    prompt_seconds: float | None = None,
    levels: int | Sequence[int] | None = None,
    options: SamplingOptions | None = None,
    existing: Sequence[int] | None = None,
    itemsize: int = 4,
) -> Plan:
    """Plan a song.

    Parameters
    ----------
    config
        Of the model.
    seconds
        Length of the song, a prompt included; rounded down to whole top-level codes.
    total_seconds
        Length the model is told; default the larger of `seconds` and the shortest it knows.
    prompt_seconds, existing
        What is there already: seconds at all levels, or codes of every level, bottom first.
    levels
        Which levels to write, default all: a run of neighbors that begins at the top, or below a
        level that is there already.
    itemsize
        Bytes per number of the priors, for the memory.

    Raises
    ------
    ConfigError
        If a value is not allowed or the model cannot do it.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    hops, rate = config.vqvae.hop_lengths, config.vqvae.sample_rate
    notes: list[str] = []
    length = _length(units.checked_seconds(seconds), hops[-1], rate, notes)
    n_samples = checked_n_samples(n_samples)
    if prompt_seconds is not None and existing is None:
        existing = _prompt(prompt_seconds, length, hops, rate, notes)
    have = _checked_existing(existing, hops)
    order = _order(levels, length, hops, have)
    options = SamplingOptions() if options is None else options
    _check_shortest(config, order, length, seconds)
    plans = tuple(_level_plan(config, level, length, have[level], options) for level in order)
    if not any(plan.windows for plan in plans):
        there = units.samples_to_seconds(length, rate)
        advice = "Ask for more seconds (they count the prompt), or for a level that is missing."
        raise ConfigError(must("seconds", seconds, f"more than the {there:g} s there are", advice))
    total = _total_length(
        config, order, total_seconds, units.seconds_to_samples(seconds, rate), notes
    )
    _check_longest(config, plans, total, "seconds" if total_seconds is None else "total_seconds")
    return Plan(
        model=config.name,
        sample_rate=rate,
        hop_lengths=hops,
        n_samples=n_samples,
        length=length,
        total_length=total,
        prompt_length=min(n * hop for n, hop in zip(have, hops, strict=True)),
        levels=plans,
        notes=tuple(notes),
        memory=tuple(level_memory(config.priors[level]) for level in order),
        itemsize=itemsize,
    )


def _length(seconds: float, hop: int, rate: int, notes: list[str]) -> int:
    """Samples of the song, whole top-level codes."""
    length = units.seconds_to_samples(seconds, rate, hop)
    if length == 0:
        shortest = f"at least {hop / rate:g}, one code of the top level"
        raise ConfigError(must("seconds", seconds, shortest))
    exact = units.samples_to_seconds(length, rate)
    if not math.isclose(exact, seconds, rel_tol=1e-9):
        notes.append(
            f"{seconds:g} s are rounded down to {exact:.4f} s: {length // hop:,} top-level codes "
            f"of {hop} samples."
        )
    return length


def _prompt(
    seconds: float, length: int, hops: Sequence[int], rate: int, notes: list[str]
) -> list[int]:
    """Codes of every level that a prompt of so many seconds gives."""
    seconds = units.checked_seconds(seconds, "prompt_seconds", zero_ok=True)
    prompt = units.seconds_to_samples(seconds, rate, hops[-1])
    if prompt >= length:
        allowed = f"less than the {units.samples_to_seconds(length, rate):g} s of the song"
        advice = "`seconds` counts the prompt."
        raise ConfigError(must("prompt_seconds", seconds, allowed, advice))
    exact = units.samples_to_seconds(prompt, rate)
    if not math.isclose(exact, seconds, rel_tol=1e-9):
        notes.append(f"The prompt of {seconds:g} s is rounded down to {exact:.4f} s.")
    return [prompt // hop for hop in hops]


def _checked_existing(existing: Sequence[int] | None, hops: Sequence[int]) -> tuple[int, ...]:
    have = (0,) * len(hops) if existing is None else tuple(existing)
    if len(have) != len(hops) or not all(isinstance(n, int) and n >= 0 for n in have):
        raise ConfigError(must("existing", existing, f"{len(hops)} numbers of codes, bottom first"))
    return have


def _order(
    levels: int | Sequence[int] | None, length: int, hops: Sequence[int], have: Sequence[int]
) -> tuple[int, ...]:
    """The levels to write, top first."""
    n = len(hops)
    if levels is None:
        return tuple(range(n - 1, -1, -1))
    allowed = f"some of {tuple(range(n))} (0 = bottom)"
    single = isinstance(levels, int) and not isinstance(levels, bool)
    if not single and (isinstance(levels, str | bool) or not hasattr(levels, "__iter__")):
        raise ConfigError(must("levels", levels, allowed))
    wanted: tuple[Any, ...] = (levels,) if single else tuple(levels)  # type: ignore[arg-type]
    whole = all(isinstance(w, int) and not isinstance(w, bool) and 0 <= w < n for w in wanted)
    if not wanted or not whole or len(set(wanted)) != len(wanted):
        raise ConfigError(must("levels", levels, allowed))
    order = tuple(sorted(wanted, reverse=True))
    if order != tuple(range(order[0], order[-1] - 1, -1)):
        raise ConfigError(must("levels", levels, "neighbors, without a gap"))
    above = order[0] + 1
    if above < n and have[above] * hops[above] < length:
        needed = f"from the top level {n - 1} down, or below a level that is whole"
        advice = f"Level {above} has {have[above]} of {length // hops[above]} codes: write it too."
        raise ConfigError(must("levels", levels, needed, advice))
    return order


def _check_shortest(config: ModelConfig, order: Sequence[int], length: int, seconds: float) -> None:
    """Upsamplers read whole windows of upper codes only."""
    rate, top = config.vqvae.sample_rate, config.vqvae.hop_lengths[-1]
    for level in order:
        prior = config.priors[level]
        if prior.conditioner is not None and length < prior.window_samples:
            least = math.ceil(units.padded_length(prior.window_samples, top) / rate * 1000) / 1000
            allowed = f"at least {least:g} s, one window of level {level}"
            upper = tuple(range(level + 1, len(config.priors)))
            advice = f"Or write the upper levels only: levels={upper}."
            raise ConfigError(must("seconds", seconds, allowed, advice))


def _level_plan(
    config: ModelConfig, level: int, length: int, existing: int, options: SamplingOptions
) -> LevelPlan:
    prior = config.priors[level]
    chosen = options.for_level(prior, len(config.priors))
    total = length // prior.hop_length
    factor = None if prior.conditioner is None else prior.conditioner.factor
    existing = min(existing, total)
    return LevelPlan(
        level=level,
        n_ctx=prior.n_ctx,
        hop=chosen.hop,
        hop_length=prior.hop_length,
        existing=existing,
        total=total,
        windows=level_windows(
            level, total, prior.n_ctx, chosen.hop, existing=existing, factor=factor
        ),
        settings=chosen.settings,
    )


def _total_length(
    config: ModelConfig, order: Sequence[int], given: float | None, asked: int, notes: list[str]
) -> int:
    """The whole song's samples that the model is told, for a song of `asked` samples."""
    rate = config.vqvae.sample_rate
    timed = [config.priors[level].labels for level in order]
    shortest = max((t.min_duration for t in timed if t is not None and t.timing), default=0.0)
    if given is not None:
        total = units.seconds_to_samples(units.checked_seconds(given, "total_seconds"), rate)
        if total < asked:
            allowed = f"at least the {asked / rate:g} s that are asked for"
            raise ConfigError(must("total_seconds", given, allowed))
        if total < shortest * rate:
            allowed = f"at least {shortest:g} s, the shortest song {config.name} knows"
            raise ConfigError(must("total_seconds", given, allowed))
        return total
    total = max(asked, math.ceil(shortest * rate))
    if total > asked:
        notes.append(
            f"The model is told a song of {total / rate:g} s, the shortest it knows; "
            "choose another with total_seconds."
        )
    return total


def _check_longest(
    config: ModelConfig, plans: Sequence[LevelPlan], total: int, argument: str
) -> None:
    """Timing tables end somewhere."""
    rate = config.vqvae.sample_rate
    for plan in plans:
        labels = config.priors[plan.level].labels
        if labels is None or not labels.timing:
            continue
        longest = labels.max_duration
        if total >= longest * rate:
            allowed = f"below {longest:g}, the longest song {config.name} knows"
            raise ConfigError(must(argument, round(total / rate, 4), allowed))
        end = max((w.start + plan.n_ctx for w in plan.windows), default=0) * plan.hop_length
        if end > longest * rate:
            allowed = f"such that no window of level {plan.level} ends after {longest:g} s"
            given = round(plan.total * plan.hop_length / rate, 4)
            raise ConfigError(must("seconds", given, allowed))
