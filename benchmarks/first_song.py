"""How long the first minutes take: import, load, first rough sound, ten seconds through all levels.

    python benchmarks/first_song.py [--threads 2] [--out benchmarks/results/first_song.json]

Each figure is the median of three runs in fresh processes; the machine is named beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def seconds_of(code: str, threads: int) -> float:
    """Run a line of Python in a fresh process; it prints seconds."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "JUKEBOX_EDU_QUIET": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return float(ran.stdout.strip().splitlines()[-1])


SONG = """
import time, torch
torch.set_num_threads({threads})
import jukebox_edu as jb
t0 = time.perf_counter()
model = jb.load("tiny")
t1 = time.perf_counter()
for part in model.stream(lyrics="the moon and the stars will shine\\ncome and sing with me",
                         seconds={seconds}, seed=1, progress=False):
    first = time.perf_counter()
    break
t2 = time.perf_counter()
song = model.sample(lyrics="the moon and the stars will shine\\ncome and sing with me",
                    seconds={seconds}, seed=1, progress=False)
song.audio()
t3 = time.perf_counter()
print({what})
"""


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        name = lines[0].split(":", 1)[1].strip() if lines else name
    import torch

    return {
        "processor": name,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.system(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10.24)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()

    def median(code: str) -> float:
        times = [seconds_of(code, given.threads) for _ in range(given.repeats)]
        return round(statistics.median(times), 3)

    def song(what: str) -> float:
        return median(SONG.format(threads=given.threads, seconds=given.seconds, what=what))

    figures = {
        "machine": machine(),
        "date": time.strftime("%Y-%m-%d"),
        "threads": given.threads,
        "import torch, seconds": median(IMPORT.format("torch")),
        "import jukebox_edu, seconds": median(IMPORT.format("jukebox_edu")),
        "load the bundled model, seconds": song("t1 - t0"),
        "first part of the top level after load, seconds": song("first - t1"),
        f"{given.seconds} s of song through all levels and decoded, seconds": song("t3 - t2"),
    }
    text = json.dumps(figures, indent=1)
    sys.stdout.write(text + "\n")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
