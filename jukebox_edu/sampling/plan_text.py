"""A plan in words: what a person wants to know before waiting for it.

Conventions
    Seconds and bytes as people read them; codes with thousands separators.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jukebox_edu import units
from jukebox_edu.sampling.cards import CARDS, fit_levels

if TYPE_CHECKING:
    from jukebox_edu.sampling.plan import LevelPlan, Plan

LARGE = 10**9  # bytes of weights from which the plan says what device they need


def level_name(level: int, n_levels: int) -> str:
    """Name of a level: bottom, middle, top.

    Lesson: notebooks/04_three_levels.ipynb
    """
    if level == n_levels - 1:
        return "top"
    if level == 0:
        return "bottom"
    return "middle" if n_levels == 3 else f"level {level}"


def size_text(n_bytes: float) -> str:
    """Bytes as people read them.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb

    >>> size_text(3_400_000)
    '3.4 MB'
    """
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} GB"


def explain(plan: Plan) -> str:
    """The whole plan as text, a line or two per level.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    many = f"{plan.n_samples} songs" if plan.n_samples > 1 else "One song"
    lines = [
        f"{many} of {plan.seconds:.2f} s ({plan.length:,} samples at {plan.sample_rate:,} Hz) "
        f"with {plan.model}, told as part of a song of {plan.total_seconds:.2f} s."
    ]
    if plan.prompt_length:
        prompt = units.samples_to_seconds(plan.prompt_length, plan.sample_rate)
        lines.append(f"The first {prompt:.2f} s are the prompt and stay as they are.")
    lines += [_level_text(plan, level) for level in plan.levels]
    lines += [f"Note: {note}" for note in plan.notes]
    lines += [_memory_text(plan), _time_text(plan)]
    return "\n".join(line for line in lines if line)


def _level_text(plan: Plan, level: LevelPlan) -> str:
    name = level_name(level.level, len(plan.hop_lengths))
    rate = plan.sample_rate / level.hop_length
    head = f"Level {level.level} ({name}): {level.total:,} codes, {rate:,.1f} a second; "
    if not level.windows:
        return head + "all there already."
    n = len(level.windows)
    window = f"of {level.n_ctx:,} codes ({level.n_ctx / rate:.2f} s)"
    hop = f", {level.hop:,} codes ({level.hop / rate:.2f} s) or less apart" if n > 1 else ""
    if level.total < level.n_ctx:
        window = f"filled in part, {level.total:,} of {level.n_ctx:,} codes"
    there = f" {level.existing:,} are there," if level.existing else ""
    drawn = f"{there} {level.n_new:,} are drawn in {n} window{'s' if n > 1 else ''} {window}{hop}."
    return head + drawn.strip()


def _memory_text(plan: Plan) -> str:
    if not plan.memory:
        return ""
    parts = []
    for level, memory in zip(plan.levels, plan.memory, strict=True):
        rows = plan.n_samples * _copies(level)
        caches = rows * memory.cache * plan.itemsize
        work = rows * memory.per_sample(plan.itemsize) - caches
        sizes = (memory.weights(plan.itemsize), caches, work)
        parts.append(f"level {level.level} {' + '.join(map(size_text, sizes))}")
    text = f"Memory while a level is written, weights + caches + work: {'; '.join(parts)}."
    return "\n".join([text, *_cards_text(plan)])


def _copies(level: LevelPlan) -> int:
    """Guidance computes everything twice."""
    return 2 if level.settings.guidance != 1.0 else 1


def _cards_text(plan: Plan) -> Iterator[str]:
    """On which devices a large model works, and with how many songs side by side."""
    if max(memory.weights(plan.itemsize) for memory in plan.memory) < LARGE:
        return
    found = []
    for card in CARDS:
        fits = fit_levels(plan.memory, card)
        pairs = zip(fits.n_samples, plan.levels, strict=True)
        most = min(n // _copies(level) for n, level in pairs)
        found.append(f"{card.name} {f'{most} in {fits.dtype}' if most else 'no'}")
    yield f"Most songs side by side, one level in memory at a time: {'; '.join(found)}."


def _time_text(plan: Plan) -> str:
    known = [
        level.n_new / rate
        for level, rate in zip(plan.levels, plan.rates, strict=False)
        if rate and level.n_new
    ]
    steps = f"{plan.n_new:,} steps, each for all songs at once"
    if len(known) < sum(bool(level.n_new) for level in plan.levels):
        return f"Work: {steps}; the time is known once this model has run here."
    return f"Work: {steps}; about {units.clock(sum(known))} at the speed measured before."
