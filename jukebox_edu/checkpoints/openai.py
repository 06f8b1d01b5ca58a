"""OpenAI's released files as models of ours.

What
    `load_openai_vqvae` and `load_openai_prior` read a `.pth.tar` file of the release (or one saved
    by a training run of the original program). The shape of the model comes, in this order, from
    `hparams`, or from the options the file carries. For the six released models, the surest way is
    to give the shape: `load_openai_prior(path, released.prior_1b_lyrics())`.
Paper: [Jukebox §3, §4]
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from jukebox_edu.checkpoints.filling import empty_model, fill
from jukebox_edu.checkpoints.hparams import prior_config, vqvae_config
from jukebox_edu.checkpoints.names import prior_names, vqvae_names
from jukebox_edu.checkpoints.reading import ReleasedFile, open_released
from jukebox_edu.checkpoints.values import CODEC_NAMES, PRIOR_NAMES
from jukebox_edu.config import PriorConfig, VQVAEConfig
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.prior.prior import Prior
from jukebox_edu.vqvae.model import VQVAE

Hparams = Mapping[str, Any]


def load_openai_vqvae(
    path: str | Path,
    hparams: Hparams | VQVAEConfig | None = None,
    *,
    device: torch.device | str = "cpu",
) -> VQVAE:
    """Load a released codec, frozen, in evaluation mode and float32.

    Parameters
    ----------
    path
        The `.pth.tar` file.
    hparams
        Released names and values, or the shape itself; None: the options the file carries.
    device
        Where to put it.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, unsafe, or holds another model.
    ConfigError
        If `hparams` are not those of a codec.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    file = _open(path, "codec", "load_openai_prior")
    if isinstance(hparams, VQVAEConfig):
        config = hparams
    else:
        config = vqvae_config(known_options(file, CODEC_NAMES) if hparams is None else hparams)
    names = {n.ours: n.released for n in vqvae_names(config)}
    model = empty_model(lambda: VQVAE(config))
    return fill(model, file.tensors, names, source=file.path.name, device=device)


def load_openai_prior(
    path: str | Path,
    hparams: Hparams | PriorConfig | None = None,
    vqvae: VQVAE | VQVAEConfig | None = None,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Prior:
    """Load a released prior or upsampler, frozen and in evaluation mode.

    Parameters
    ----------
    path
        The `.pth.tar` file.
    hparams
        Released names and values, or the shape itself; None: the options the file carries. They
        may also carry `l_bins`, `downs_t`, `strides_t` and `levels` of the codec.
    vqvae
        The codec whose codes the prior writes, or its configuration.
    device, dtype
        Where to, and the precision of the matrices (the Transformer computes in it).

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, unsafe, or holds another model.
    ConfigError
        If `hparams` are not those of a prior, or do not fit the codec.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    file = _open(path, "prior", "load_openai_vqvae")
    codec = vqvae.config if isinstance(vqvae, VQVAE) else vqvae
    if isinstance(hparams, PriorConfig):
        config = hparams
        _check_codec(config, codec)
    else:
        config = prior_config(prior_options(file, hparams), vqvae=codec)
    names = {n.ours: n.released for n in prior_names(config)}
    model = empty_model(lambda: Prior(config))
    return fill(model, file.tensors, names, source=file.path.name, device=device, dtype=dtype)


def _open(path: str | Path, kind: str, other: str) -> ReleasedFile:
    file = open_released(path)
    if file.kind != kind:
        advice = f"Use {other}." if file.kind in ("codec", "prior") else "Give another file."
        raise CheckpointError(f"{file.path.name} holds a {file.kind}, not a {kind}. {advice}")
    return file


def known_options(file: ReleasedFile, names: frozenset[str]) -> dict[str, Any]:
    """The file's own options that describe the network; others belong to its training run."""
    known = {name: value for name, value in file.hps.items() if name in names}
    if not known:
        needed = ", ".join(sorted(names)[:8])
        raise ConfigError(
            f"hparams=None: {file.path.name} carries no options of its own (hps). Give hparams, "
            f"such as {needed}, or one of the shapes in jukebox_edu.released."
        )
    return known


def prior_options(file: ReleasedFile, hparams: Hparams | None) -> Hparams:
    """Complete the given names by what the file itself tells about its codec.

    The options a prior file carries may describe another codec than the one in use; the number of
    codes is therefore taken from the embedding table.
    """
    if hparams is not None and not isinstance(hparams, Mapping):
        raise ConfigError(must("hparams", hparams, "a mapping of released names, or a PriorConfig"))
    own = known_options(file, PRIOR_NAMES) if hparams is None else file.hps
    values = dict(own if hparams is None else hparams)
    if hparams is None or values.get("l_bins") is None:
        embedding = file.tensors.get("prior.x_emb.weight")
        rows = embedding.shape[0] if embedding is not None and embedding.shape else 0
        characters = values.get("n_vocab") if values.get("single_enc_dec") else 0
        values["l_bins"] = rows - characters if isinstance(characters, int) else rows
    for name in ("downs_t", "strides_t"):
        if values.get(name) is None and name in own:
            values[name] = own[name]
    return values


def _check_codec(config: PriorConfig, codec: VQVAEConfig | None) -> None:
    """Refuse a prior shape that does not fit the codec it is said to write for."""
    if codec is None:
        return
    fits = config.level < codec.levels and (config.codebook_size, config.hop_length) == (
        codec.codebook_size,
        codec.hop_lengths[config.level],
    )
    if not fits:
        raise ConfigError(
            must(
                "hparams",
                (config.level, config.codebook_size, config.hop_length),
                "level, codebook size and hop length of the given vqvae",
                "Give the codec this prior was trained with.",
            )  # fmt: skip
        )
