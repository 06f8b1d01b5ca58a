"""The other side of `training_speed.py`: training steps of Hugging Face's port, one on request.

Runs in an environment of its own that has `transformers==4.49.0` and not necessarily this package.
The first line of standard input describes the models (the port's own configuration, and a file of
weights under the port's names); every further line asks for one step, and is answered with its
processor seconds and its loss. `training_speed.py` starts it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ["TQDM_DISABLE"], os.environ["TRANSFORMERS_VERBOSITY"] = "1", "error"

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers.models.deprecated.jukebox.configuration_jukebox import (  # noqa: E402
    JukeboxPriorConfig,
    JukeboxVQVAEConfig,
)
from transformers.models.deprecated.jukebox.modeling_jukebox import (  # noqa: E402
    JukeboxPrior,
    JukeboxVQVAE,
)

WANTED = "4.49.0"


def filled(model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    """The model with our weights; nothing may stay as the constructor left it."""
    outcome = model.load_state_dict(weights, strict=False)
    own = {name for name, _ in model.named_parameters()}
    missing = own.intersection(outcome.missing_keys)
    if missing or outcome.unexpected_keys:
        raise SystemExit(f"weights do not fit: {sorted(missing)} {outcome.unexpected_keys}")
    return model


Step = tuple[torch.nn.Module, Callable[[], torch.Tensor]]  # what has gradients; its loss


def prior_step(given: dict[str, Any]) -> Step:
    """Loss of one window, teacher-forced; the conditions are given, as vectors."""
    options = given["config"]
    prior = JukeboxPrior(JukeboxPriorConfig(**options), level=options["level"], nb_priors=3)
    shell = filled(prior, given["weights"]).prior.train()
    codes, start, condition = given["codes"], given["start"], given["condition"]

    def step() -> torch.Tensor:
        return shell(codes, condition, start, None)[0]

    return shell, step


def codec_step(given: dict[str, Any]) -> Step:
    """Squared error of every level and commitment, which the port weights itself."""
    weights = dict(given["weights"])
    books = [weights.pop(name) for name in sorted(weights) if name.endswith(".codebook")]
    codec = JukeboxVQVAE(JukeboxVQVAEConfig(**given["config"]))
    codec = filled(codec, weights).train(given["learn"])
    # In training, unlike in `encode`, the port takes the codebooks from the other end.
    for block, vectors in zip(reversed(codec.bottleneck.level_blocks), books, strict=True):
        block.codebook = vectors.clone()
    audio = given["audio"][..., None]  # (batch, samples, 1)
    if given["learn"]:
        with torch.no_grad():
            codec(audio)  # the first call in training mode starts the averages

    def step() -> torch.Tensor:
        outs, committed = codec(audio)
        return sum(((out - audio) ** 2).mean() for out in outs) + committed

    return codec, step


def main() -> int:
    if transformers.__version__ != WANTED:
        raise SystemExit(f"needs transformers=={WANTED}, found {transformers.__version__}")
    torch.set_num_threads(1)
    first = json.loads(sys.stdin.readline())
    given = torch.load(first["file"], weights_only=True)
    torch.manual_seed(0)
    steps = {
        name: (prior_step if "condition" in part else codec_step)(part)
        for name, part in given.items()
    }
    sys.stdout.write(json.dumps({"transformers": transformers.__version__}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        model, step = steps[asked["step"]]
        model.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=asked["bfloat16"]):
            began = time.process_time()
            loss = step()
        loss.backward()
        seconds = time.process_time() - began
        sys.stdout.write(json.dumps({"seconds": seconds, "loss": float(loss.detach())}) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
