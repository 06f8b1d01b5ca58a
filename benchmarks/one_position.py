"""One position of a song, module by module and written out flat: processor time of one thread.

    python benchmarks/one_position.py [--rounds 9] [--out benchmarks/results/one_position.json]

The stacks of the bundled model and one of middle size (480 wide, 24 layers) are fed positions one
by one, by `Transformer.extend` and by `OneByOne`, in turns. A ratio divides the time of the first
by that of the second within a round; above 1 the flat way is faster. The largest difference of
what comes out stands beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from jukebox_edu.config import TransformerConfig  # noqa: E402
from jukebox_edu.dev.ablations import machine  # noqa: E402
from jukebox_edu.sampling.storing import write_json  # noqa: E402
from jukebox_edu.training.presets import tiny  # noqa: E402
from jukebox_edu.transformer.one_by_one import OneByOne  # noqa: E402
from jukebox_edu.transformer.patterns import Layout  # noqa: E402
from jukebox_edu.transformer.stack import Transformer  # noqa: E402

PROMPT, POSITIONS = 200, 200  # fed at once before; fed one by one


def stacks() -> dict[str, tuple[TransformerConfig, Layout, int]]:
    """Shape, layout and batch of each stack; guidance doubles the top level's batch."""
    found = {}
    for level, prior in enumerate(tiny("tiny", 2, 2).priors):
        config, lyrics = prior.transformer, prior.lyrics
        layout = Layout(prior.n_ctx, config.blocks or 1, encoder=lyrics.n_tokens if lyrics else 0)
        found[f"bundled model, level {level}"] = (config, layout, 2 if lyrics else 1)
    middle = TransformerConfig(480, 24, heads=1, attn_order=2, blocks=16)
    return found | {"480 wide, 24 layers": (middle, Layout(1024, 16), 1)}


@torch.inference_mode()
def compare(config: TransformerConfig, layout: Layout, batch: int, rounds: int) -> dict[str, float]:
    """Milliseconds of a position in both ways, and their ratio."""
    torch.manual_seed(0)
    stack = Transformer(config, layout).eval()
    x = torch.randn(batch, PROMPT + POSITIONS, config.width)
    lyrics = torch.randn(batch, layout.encoder, config.width)

    def run(make: Callable) -> tuple[float, Tensor]:
        caches = stack.new_cache(batch, x, lyrics)
        stack.extend(x[:, :PROMPT], caches)
        step = make(caches)
        started = time.process_time()
        out = [step(i) for i in range(PROMPT, PROMPT + POSITIONS)]
        return (time.process_time() - started) / POSITIONS * 1000, torch.stack(out, 1)

    def modules(caches: list) -> Callable:
        return lambda i: stack.extend(x[:, i : i + 1], caches)[:, 0]

    def flat(caches: list) -> Callable:
        step = OneByOne(stack, caches)
        return lambda i: step(x[:, i])

    run(modules), run(flat)
    pairs = [(run(modules), run(flat)) for _ in range(rounds)]
    ratios = [a[0] / b[0] for a, b in pairs]
    return {
        "modules, ms": round(statistics.median(a[0] for a, _ in pairs), 3),
        "flat, ms": round(statistics.median(b[0] for _, b in pairs), 3),
        "ratio": round(statistics.median(ratios), 2),
        "ratio, lowest": round(min(ratios), 2),
        "ratio, highest": round(max(ratios), 2),
        "largest difference": max(float((a[1] - b[1]).abs().max()) for a, b in pairs),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    figures = {
        "what": "processor milliseconds of one position, module by module and written out flat",
        "machine": machine(),
        "date": time.strftime("%Y-%m-%d"),
        "rounds": given.rounds,
        "stacks": {name: compare(*stack, given.rounds) for name, stack in stacks().items()},
    }
    print(json.dumps(figures, indent=1))
    if given.out:
        write_json(given.out, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
