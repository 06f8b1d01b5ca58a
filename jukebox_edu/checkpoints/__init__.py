"""Weights in files: OpenAI's released format, our own model folder, and the names between them.

What
    `load_openai_vqvae`, `load_openai_prior`   the released `.pth.tar` files, read without pickle's
                                               dangers
    `save_model`, `load_vqvae`, `load_prior`   our own folders of safetensors
    `vqvae_names`, `prior_names`               every tensor under its three names
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from jukebox_edu.checkpoints.folder import load_model_config, load_prior, load_vqvae
from jukebox_edu.checkpoints.hparams import prior_config, vqvae_config
from jukebox_edu.checkpoints.known_names import KnownNames, load_known_names
from jukebox_edu.checkpoints.names import Names, prior_names, vqvae_names
from jukebox_edu.checkpoints.openai import load_openai_prior, load_openai_vqvae
from jukebox_edu.checkpoints.saving import save_model

__all__ = [
    "KnownNames",
    "Names",
    "load_known_names",
    "load_model_config",
    "load_openai_prior",
    "load_openai_vqvae",
    "load_prior",
    "load_vqvae",
    "prior_config",
    "prior_names",
    "save_model",
    "vqvae_config",
    "vqvae_names",
]
