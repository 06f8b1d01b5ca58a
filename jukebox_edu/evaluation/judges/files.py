"""Judges on the disk, and where to find them.

What
        judges/config.json           shapes, names, penalties
        judges/clean.safetensors     recogniser, voice and style, half precision
        judges/tuned.safetensors     the same, tuned on codec output
        judges/figures.json          how good the judges are themselves

    They stand beside the package in a checkout and in no wheel: a user who only sings needs none.
    The variable JUKEBOX_EDU_JUDGES, or an argument, names another folder.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from jukebox_edu.checkpoints.safetensors_file import open_safetensors
from jukebox_edu.config import from_json_dict, to_json_dict
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.evaluation.judges.classifiers import ClassifierConfig, SongClassifier
from jukebox_edu.evaluation.judges.panel import Judges, Panel
from jukebox_edu.evaluation.judges.recogniser import Recogniser, RecogniserConfig
from jukebox_edu.sampling.storing import write_json, write_whole
from jukebox_edu.songbook import PHONES

FORMAT = 1  # version of the folder
FOLDER_VARIABLE = "JUKEBOX_EDU_JUDGES"
CONFIG_FILE = "config.json"


@dataclass(frozen=True)
class PanelConfig:
    """Shapes of one panel.

    Lesson: notebooks/13_measure_it.ipynb
    """

    recogniser: RecogniserConfig
    penalty: float  # per change of phone
    voice: ClassifierConfig
    style: ClassifierConfig

    def __post_init__(self) -> None:
        """Check the parts and the penalty."""
        shapes = (self.voice, self.style)
        if not isinstance(self.recogniser, RecogniserConfig) or any(
            not isinstance(shape, ClassifierConfig) for shape in shapes
        ):
            given = (self.recogniser, *shapes)
            raise ConfigError(must("recogniser, voice, style", given, "the shapes of three judges"))
        if isinstance(self.penalty, bool) or not 0 <= self.penalty <= 100:
            raise ConfigError(must("penalty", self.penalty, "a number from 0 to 100"))


@dataclass(frozen=True)
class JudgesConfig:
    """What config.json holds.

    Lesson: notebooks/13_measure_it.ipynb
    """

    format: int  # version
    phones: tuple[str, ...]  # that the recogniser tells apart
    clean: PanelConfig
    tuned: PanelConfig | None = None
    codec: str = ""  # that the second panel was tuned on

    def __post_init__(self) -> None:
        """Refuse judges of other phones."""
        if self.format != FORMAT:
            raise ConfigError(must("format", self.format, f"{FORMAT}"))
        if not isinstance(self.clean, PanelConfig):
            raise ConfigError(must("clean", self.clean, "the shapes of a panel"))
        if not isinstance(self.tuned, PanelConfig | None):
            raise ConfigError(must("tuned", self.tuned, "the shapes of a panel, or null"))
        if self.phones != PHONES:
            raise ConfigError(must("phones", self.phones, "those of this songbook"))


def judges_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """Folder of the judges: the argument, else JUKEBOX_EDU_JUDGES, else `judges/` of the checkout.

    Raises
    ------
    CheckpointError
        If there are none.

    Lesson: notebooks/13_measure_it.ipynb
    """
    package = Path(__file__).resolve().parents[2]
    named = folder or os.environ.get(FOLDER_VARIABLE)
    found = Path(named) if named else package.parent / "judges"
    if not (found / CONFIG_FILE).is_file():
        raise CheckpointError(
            f"There are no judges in {found}. They are in a checkout, not in the wheel. Give their "
            f"folder, name it in {FOLDER_VARIABLE}, or train them: "
            f"python -m jukebox_edu.dev.train_judges --out {found}"
        )
    return found


def _networks(panel: Panel) -> nn.ModuleDict:
    return nn.ModuleDict(
        {"recogniser": panel.recogniser, "voice": panel.voice, "style": panel.style}
    )


def _panel_config(panel: Panel) -> PanelConfig:
    return PanelConfig(
        panel.recogniser.config, panel.penalty, panel.voice.config, panel.style.config
    )


def new_panel(config: PanelConfig) -> Panel:
    """A panel that has learned nothing yet.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return Panel(
        Recogniser(config.recogniser).eval(),
        float(config.penalty),
        SongClassifier(config.voice).eval(),
        SongClassifier(config.style).eval(),
    )


def save_judges(folder: str | os.PathLike[str], judges: Judges) -> Path:
    """Write judges in half precision; config.json last, so that a folder with one is whole.

    Lesson: notebooks/13_measure_it.ipynb
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    panels = {"clean": judges.clean, "tuned": judges.tuned}
    for name, panel in panels.items():
        if panel is not None:
            _write_weights(folder / f"{name}.safetensors", _networks(panel))
    config = JudgesConfig(
        format=FORMAT,
        phones=PHONES,
        clean=_panel_config(judges.clean),
        tuned=None if judges.tuned is None else _panel_config(judges.tuned),
        codec=judges.codec,
    )
    write_json(folder / CONFIG_FILE, to_json_dict(config))
    return folder


def _write_weights(path: Path, networks: nn.Module) -> None:
    tensors = {}
    for name, tensor in networks.state_dict().items():
        if tensor.is_floating_point():
            tensors[name] = tensor.detach().to("cpu", torch.float16).contiguous()
            if not bool(tensors[name].isfinite().all()):
                raise CheckpointError(f"{name} is not finite in half precision. Train it again.")
    data = save(tensors, metadata={"format": "pt"})
    write_whole(path, lambda file: file.write(data))


def load_judges(folder: str | os.PathLike[str] | None = None) -> Judges:
    """Read the judges; see `judges_folder` for where they are looked for.

    Raises
    ------
    CheckpointError
        If there are none, or a file is damaged or does not fit.

    Lesson: notebooks/13_measure_it.ipynb
    """
    place = judges_folder(folder)
    try:
        data = json.loads((place / CONFIG_FILE).read_text(encoding="utf-8"))
        config = from_json_dict(JudgesConfig, data)
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise CheckpointError(f"{place / CONFIG_FILE} is damaged: {error}") from None
    read = partial(_read_panel, place)
    tuned = None if config.tuned is None else read("tuned", config.tuned)
    return Judges(read("clean", config.clean), tuned, config.codec)


def _read_panel(folder: Path, name: str, config: PanelConfig) -> Panel:
    """Build one panel and fill it."""
    path = folder / f"{name}.safetensors"
    panel = new_panel(config)
    wanted = {
        key: tensor
        for key, tensor in _networks(panel).state_dict(keep_vars=True).items()
        if tensor.is_floating_point()
    }
    with open_safetensors(path) as stored, torch.no_grad():
        if stored.keys() != wanted.keys():
            odd = sorted(stored.keys() ^ wanted.keys())[:3]
            raise CheckpointError(f"{path} does not fit {CONFIG_FILE}: {odd}. Copy both again.")
        for key, tensor in wanted.items():
            if stored[key].shape != tuple(tensor.shape):
                raise CheckpointError(
                    f"{path}: {key} has shape {stored[key].shape}, but {CONFIG_FILE} says "
                    f"{tuple(tensor.shape)}. Copy both again."
                )
            value = stored[key].read().float()
            if not bool(value.isfinite().all()):
                raise CheckpointError(f"{path}: {key} holds NaN or infinity. Copy it again.")
            tensor.copy_(value)
    return panel
