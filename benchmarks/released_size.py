"""The released models at their real size, with random weights: memory and time on a CPU.

    python benchmarks/released_size.py [--stages codec 1b upsampler 5b] [--threads 1]
                                       [--out benchmarks/results/released_size.json]

Each stage writes a file in the released format (the shape, names and types of the released one,
random numbers), loads it in a fresh process, draws some codes, and deletes the file. Reported are
the peak of anonymous memory (what the process itself holds, read from the kernel every 10 ms; the
mapped file does not count) beside the bytes of the weights as they are used, and seconds. The
stage `1b converted` also converts the file to safetensors first. Needs Linux, 13 GB of disk and,
for `5b`, 14 GB of memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import torch

from jukebox_edu import released
from jukebox_edu.checkpoints.convert import convert
from jukebox_edu.checkpoints.filling import matrix_names
from jukebox_edu.checkpoints.finding import find_source
from jukebox_edu.checkpoints.reading import StoredTensor
from jukebox_edu.checkpoints.released_options import prior_hparams, vqvae_hparams
from jukebox_edu.checkpoints.sources import build, load_part, names_of
from jukebox_edu.checkpoints.stream_file import write_stream
from jukebox_edu.labels import Labels
from jukebox_edu.sampling.memory import level_memory

STAGES = {  # stage: (shape, precision of the matrices, codes to draw, convert first)
    "codec": ("vqvae", "float32", 0, False),
    "1b": ("prior_1b_lyrics", "float32", 32, False),
    "1b bfloat16": ("prior_1b_lyrics", "bfloat16", 32, False),
    "1b converted": ("prior_1b_lyrics", "float32", 32, True),
    "upsampler": ("upsampler_level_0", "float32", 32, False),
    "5b": ("prior_5b_lyrics", "bfloat16", 8, False),
}
SECONDS = 10  # of sound that the codec decodes


# ---- files --------------------------------------------------------------------------------------


def write_file(shape: str, path: Path) -> None:
    """Write a released file with random numbers, tensor by tensor."""
    config = getattr(released, shape)()
    model = build(config)
    state, half = model.state_dict(keep_vars=True), matrix_names(model)
    generator = torch.Generator().manual_seed(0)
    block = 0.02 * torch.randn(1 << 22, generator=generator)
    written: dict[int, StoredTensor] = {}
    tensors = {}
    for names in names_of(config):
        tensor = state[names.ours]
        fp16 = getattr(config, "fp16_matrices", False) and names.ours in half
        dtype = torch.float16 if fp16 else torch.float32

        def read(like: Any = tensor, dtype: torch.dtype = dtype, name: str = names.ours) -> Any:
            repeats = -(-like.numel() // len(block))
            numbers = block.repeat(repeats) if repeats > 1 else block
            numbers = numbers[: like.numel()].view(like.shape)
            if ".norm" in name and name.endswith("weight"):
                numbers = numbers + 1.0
            return numbers.to(dtype)

        stored = StoredTensor(tuple(tensor.shape), dtype, read)
        tensors[names.released] = written.setdefault(id(tensor), stored)
    hps = vqvae_hparams(config) if shape == "vqvae" else prior_hparams(config, released.vqvae())
    write_stream(path, tensors, hps)


# ---- measuring, in a process of its own ---------------------------------------------------------


class Peak(threading.Thread):
    """Watches the anonymous memory of this process."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes, self.stop = 0, threading.Event()

    def run(self) -> None:
        """Look every 10 ms."""
        while not self.stop.wait(0.01):
            self.bytes = max(self.bytes, anonymous())


def anonymous() -> int:
    """Bytes of anonymous memory that this process holds now."""
    with open("/proc/self/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("RssAnon"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("this kernel does not tell anonymous memory")


def measure(stage: str, path: Path, threads: int) -> dict[str, Any]:
    """Load, draw or decode; seconds and bytes."""
    shape, precision, n_codes, converted = STAGES[stage]
    torch.set_num_threads(threads)
    before = anonymous()
    peak = Peak()
    peak.start()
    began = time.perf_counter()
    source = find_source(path.parent if converted else path)
    config = getattr(released, shape)()
    level = None if shape == "vqvae" else config.level
    if source.config_of(level) != config:
        raise RuntimeError(f"{path} was not recognized")
    model: Any = load_part(source, level, dtype=getattr(torch, precision))
    loaded = time.perf_counter()
    at_load = peak.bytes - before
    weights = sum({p.data_ptr(): p.numel() * p.element_size() for p in model.state_dict().values()}
                  .values())  # fmt: skip
    result = {
        "precision": precision,
        "file_bytes": sum(file.stat().st_size for file in source.files),
        "weights_bytes": weights,
        "load_seconds": loaded - began,
        "load_peak_bytes": at_load,
        "load_peak_over_weights_bytes": at_load - weights,
    }
    result |= decode(model) if level is None else draw(model, n_codes)
    peak.stop.set()
    peak.join()
    result["peak_bytes"] = peak.bytes - before
    if level is not None:
        result["planned_bytes"] = level_memory(config).bytes(1, model.music.compute_dtype.itemsize)
    return result


def decode(model: Any) -> dict[str, Any]:
    """Decode random codes of the bottom level, piece by piece."""
    n = SECONDS * 44100 // 8
    codes = [torch.randint(0, 2048, (1, n)), None, None]
    began = time.perf_counter()
    samples = sum(piece.shape[1] for piece in model.decode_blocks(codes, 0))
    seconds = time.perf_counter() - began
    return {"decoded_samples": samples, "decode_seconds": seconds}


def draw(prior: Any, n_codes: int) -> dict[str, Any]:
    """Draw the first codes of a window."""
    config, generator = prior.config, torch.Generator().manual_seed(0)
    slots = config.labels.max_genres
    n_lyrics = config.lyrics.n_tokens if config.lyrics else 0
    labels = Labels(
        total_length=torch.tensor([60 * 44100]),
        offset=torch.tensor([0]),
        window_length=torch.tensor([config.window_samples]),
        artist=torch.tensor([1]),
        genres=torch.tensor([[1] + [-1] * (slots - 1)]),
        lyric_tokens=torch.randint(1, 70, (1, n_lyrics), generator=generator),
    )
    upper = None
    if config.conditioner is not None:
        upper = torch.randint(0, 2048, (1, config.n_ctx // config.conditioner.factor))
    began = time.perf_counter()
    with torch.inference_mode():
        state = prior.start(prior.condition(labels, upper), 1)
        logits = prior.next_logits(state, None)  # reads the lyrics, too
        first = time.perf_counter()
        for _ in range(n_codes):
            token = torch.distributions.Categorical(logits=logits).sample()
            logits = prior.next_logits(state, token)
    end = time.perf_counter()
    if not bool(logits.isfinite().all()):
        raise RuntimeError("logits are not finite")
    step = (end - first) / n_codes
    return {"codes": n_codes, "first_code_seconds": first - began, "seconds_per_code": step}


# ---- all stages ---------------------------------------------------------------------------------


def run(stage: str, folder: Path, threads: int) -> dict[str, Any]:
    """Write, measure in a fresh process, delete."""
    shape, _, _, converted = STAGES[stage]
    path = folder / f"{'vqvae' if shape == 'vqvae' else shape}.pth.tar"
    extra: dict[str, Any] = {"load_average_before": round(os.getloadavg()[0], 1)}
    began = time.perf_counter()
    write_file(shape, path)
    extra["write_seconds"] = time.perf_counter() - began
    if converted:
        target, began = folder / "converted", time.perf_counter()
        convert(find_source(path), target, "folder", progress=False)
        extra["convert_seconds"] = time.perf_counter() - began
        path.unlink()
        path = target / "config.json"
    command = [sys.executable, __file__, "--measure", stage, str(path), "--threads", str(threads)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    if ran.returncode:
        raise SystemExit(f"{stage} failed: {ran.stderr[-2000:]}")
    if converted:
        shutil.rmtree(folder / "converted")
    else:
        path.unlink()
    return {"stage": stage, "model": shape, **json.loads(ran.stdout), **extra}


def machine(threads: int) -> dict[str, Any]:
    """What the figures were measured on."""
    name = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else name,
        "cores": os.cpu_count(),
        "threads": threads,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", help="for the large files (default: the system's)")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/released_size.json"))
    parser.add_argument("--measure", nargs=2, metavar=("STAGE", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        stage, path = arguments.measure
        print(json.dumps(measure(stage, Path(path), arguments.threads)))
        return
    results = []
    for stage in arguments.stages:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            results.append(run(stage, Path(folder), arguments.threads))
        print(json.dumps(results[-1]), flush=True)
        report = {"machine": machine(arguments.threads), "stages": results}
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
