"""Training steps of the codec and of a prior on a CPU, beside those of Hugging Face's port.

    python benchmarks/training_speed.py [--port-python port/bin/python] [--repeats 7]
                                        [--out benchmarks/results/training_speed.json]

The port needs `transformers==4.49.0`, in an environment of its own (see `tests/test_port.py`); its
interpreter is named by `--port-python`. Without it only our own steps are timed, which the results
then say. Both sides hold the same weights and see the same data, and their losses are compared.

    prior            forward and backward of the decoder over two windows of 1,024 codes: width 480,
                     24 layers (row, column, previous row), conditions given as vectors
    codec            the released shape, one clip of 32,768 samples, three levels: squared error and
                     commitment, forward and backward, codebooks at rest
    codec, learning  the same in training mode: the codebooks learn, too

Steps alternate, ours and theirs, float32 and bfloat16 (`torch.autocast`). Figures are processor
seconds of one thread; a ratio divides the port's seconds by ours of the same round, so that above 1
ours is faster. The port in float32 is the measure of all ratios named "over float32".
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from jukebox_edu import released  # noqa: E402
from jukebox_edu.checkpoints.names import prior_names, vqvae_names  # noqa: E402
from jukebox_edu.checkpoints.port_description import write_port_config  # noqa: E402
from jukebox_edu.config import (  # noqa: E402
    ConditionerConfig,
    LossConfig,
    ModelConfig,
    PriorConfig,
    TransformerConfig,
)
from jukebox_edu.prior.prior import Conditions, Prior  # noqa: E402
from jukebox_edu.vqvae.model import VQVAE  # noqa: E402

BATCH, SAMPLES = 2, 32768  # windows of the prior; samples of the codec's clip
WORKER = Path(__file__).with_name("port_training.py")
PRECISIONS = {"float32": False, "bfloat16": True}
STEPS = ("codec", "prior", "codec, learning")
LOSSES_AGREE = 1e-4  # relative, float32, same weights and data


# ---- our side -----------------------------------------------------------------------------------


def prior_config() -> PriorConfig:
    """An upsampler of middle size: 18 million numbers in its layers."""
    stack = TransformerConfig(480, 24, heads=1, attn_order=2, blocks=16, init_scale=0.5)
    conditioner = ConditionerConfig(width=256, depth=8, dilation_growth=3, dilation_cycle=8)
    large = released.upsampler_level_1()
    return replace(large, n_ctx=1024, transformer=stack, conditioner=conditioner)


def sound(generator: torch.Generator) -> Tensor:
    """(1, samples): a dozen sines and a little noise, instead of music."""
    time_s = torch.arange(SAMPLES) / 44100
    frequencies = 80 * 2 ** (6 * torch.rand(12, 1, generator=generator))  # Hz
    tones = (2 * torch.pi * frequencies * time_s).sin() * torch.rand(12, 1, generator=generator)
    return (tones.mean(0) + 0.01 * torch.randn(SAMPLES, generator=generator))[None]


class Ours:
    """Our models, ready to take steps, and the same as the port needs it."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        generator = torch.Generator().manual_seed(1)
        config = prior_config()
        self.prior = Prior(config).train()
        shape = (BATCH, config.n_ctx)
        self.codes = torch.randint(config.codebook_size, shape, generator=generator)
        width = config.transformer.width
        start = 0.1 * torch.randn(BATCH, 1, width, generator=generator)
        condition = 0.1 * torch.randn(*shape, width, generator=generator)
        self.conditions = Conditions(start, condition)
        losses = LossConfig(kind="l2", multispectral=0.0)
        self.codec = VQVAE(replace(released.vqvae(), losses=losses))
        for book in self.codec.bottleneck.codebooks:
            book.vectors.normal_(std=0.3, generator=generator)
        self.audio = sound(generator)
        self.steps: dict[str, tuple[torch.nn.Module, Callable[[], Tensor]]] = {
            "prior": (self.prior, self.prior_loss),
            "codec": (self.codec, lambda: self.codec_loss(learn=False)),
            "codec, learning": (self.codec, lambda: self.codec_loss(learn=True)),
        }

    def prior_loss(self) -> Tensor:
        """Bits per code of two windows."""
        hidden = self.prior(self.codes, self.conditions).hidden
        return self.prior.loss_of(hidden, self.codes, self.conditions).total

    def codec_loss(self, *, learn: bool) -> Tensor:
        """Squared error and commitment, in the layout that is fast on a CPU."""
        return self.codec.train(learn).losses(self.audio, channels_last=True).total

    def step(self, name: str, bfloat16: bool) -> dict[str, float]:
        """Processor seconds and loss of one step."""
        model, loss_of = self.steps[name]
        model.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            began = time.process_time()
            loss = loss_of()
        loss.backward()
        return {"seconds": time.process_time() - began, "loss": float(loss.detach())}

    def for_the_port(self) -> dict[str, Any]:
        """Configurations, weights under the port's names, and data."""
        prior, codec = self.prior.config, self.codec.config
        others = (released.upsampler_level_0(), prior, released.prior_5b())
        described = write_port_config(ModelConfig("", codec, others))
        state = self.prior.state_dict()
        weights = {name.port: state[name.ours] for name in prior_names(prior)}
        c = self.conditions
        part = {"config": described["prior_config_list"][1], "weights": weights}
        parts = {
            "prior": part | {"codes": self.codes, "start": c.start, "condition": c.per_position}
        }
        state = self.codec.state_dict()
        weights = {name.port: state[name.ours] for name in vqvae_names(codec)}
        part = {"config": described["vqvae_config"], "weights": weights, "audio": self.audio}
        parts["codec"] = part | {"learn": False}
        parts["codec, learning"] = part | {"learn": True}
        return parts


# ---- their side ---------------------------------------------------------------------------------


class Port:
    """The port, in a process of its own."""

    def __init__(self, python: str, parts: dict[str, Any]) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [python, str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "port.pt"
            torch.save(parts, file)
            self.version = self._ask({"file": str(file)})["transformers"]

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"the port's process ended with {self.process.wait()}")
        return json.loads(answer)

    def step(self, name: str, bfloat16: bool) -> dict[str, float]:
        """Processor seconds and loss of one step."""
        return self._ask({"step": name, "bfloat16": bfloat16})

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


# ---- both ---------------------------------------------------------------------------------------


def spread(values: list[float], digits: int = 3) -> dict[str, float]:
    """Median and range."""
    middle = statistics.median(values)
    named = {"median": middle, "least": min(values), "most": max(values)}
    return {name: round(value, digits) for name, value in named.items()}


def compare(name: str, ours: Ours, port: Port | None, repeats: int) -> dict[str, Any]:
    """One kind of step, `repeats` rounds after one that does not count."""
    sides = {f"ours {p}": (ours, flag) for p, flag in PRECISIONS.items()}
    if port is not None:
        sides |= {f"port {p}": (port, flag) for p, flag in PRECISIONS.items()}
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    losses: dict[str, float] = {}
    for _ in range(repeats + 1):
        for side, (who, bfloat16) in sides.items():
            step = who.step(name, bfloat16)
            seconds[side].append(step["seconds"])
            losses.setdefault(side, step["loss"])
    seconds = {side: values[1:] for side, values in seconds.items()}
    result: dict[str, Any] = {"date": time.strftime("%Y-%m-%d"), "repeats": repeats}
    result["load average"] = round(os.getloadavg()[0], 1)
    result["port"] = f"transformers {port.version}" if port else "not measured (no --port-python)"
    result["processor seconds"] = {side: spread(values) for side, values in seconds.items()}
    result["loss of the first step"] = losses
    if port is None:
        return result
    learning = name.endswith("learning")  # restarts are drawn at random
    if not learning and abs(losses["ours float32"] / losses["port float32"] - 1) > LOSSES_AGREE:
        raise SystemExit(f"{name}: both sides must compute the same: {losses}")

    def ratio(theirs: str, mine: str) -> dict[str, float]:
        pairs = zip(seconds[f"port {theirs}"], seconds[f"ours {mine}"], strict=True)
        return spread([theirs / mine for theirs, mine in pairs], 2)

    result["port's seconds over ours"] = {
        "float32": ratio("float32", "float32"),
        "bfloat16 over float32": ratio("float32", "bfloat16"),
        "bfloat16": ratio("bfloat16", "bfloat16"),
    }
    return result


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    name, info = platform.machine(), Path("/proc/cpuinfo")
    if info.exists():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        name = lines[0].split(":", 1)[1].strip() if lines else name
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.system(),
        "threads": 1,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port-python", help="interpreter of an environment that has the port")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--steps", nargs="+", choices=STEPS, help="default: all")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    ours = Ours()
    port = Port(given.port_python, ours.for_the_port()) if given.port_python else None
    figures: dict[str, Any] = {"machine": machine(), "steps": {}}
    if given.out and given.out.exists():  # kinds of steps that are not asked for are kept
        before = json.loads(given.out.read_text(encoding="utf-8"))
        if before["machine"] == figures["machine"]:
            figures = before
    for name in given.steps or STEPS:
        figures["steps"][name] = compare(name, ours, port, given.repeats)
        text = json.dumps({name: figures["steps"][name]}, indent=1)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        if given.out:
            given.out.parent.mkdir(parents=True, exist_ok=True)
            given.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if port is not None:
        port.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
