"""The released models: from OpenAI's files, wherever they are on this machine, to a `Jukebox`.

What
    `checkpoints` finds the files and reads them; nothing is downloaded here. What is missing is
    listed with the command that fetches it.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

import torch

from jukebox_edu.config import ModelConfig
from jukebox_edu.errors import CheckpointError
from jukebox_edu.labels import LabelVocabularies, Vocabulary
from jukebox_edu.model.devices import checked_dtype
from jukebox_edu.model.jukebox import Jukebox
from jukebox_edu.released import MODEL_SETS, RELEASED_LICENCE

if TYPE_CHECKING:
    from jukebox_edu.checkpoints.located import Located


class LicenceNotice(UserWarning):
    """The licence of the weights limits what may be done with them and what they generate.

    Lesson: notebooks/15_whose_music.ipynb
    """


def released(
    name: str,
    device: torch.device,
    dtype: str | torch.dtype = "auto",
    weights: str | os.PathLike[str] | None = None,
) -> Jukebox:
    """Load a released model from its files.

    Parameters
    ----------
    name
        "1b_lyrics", "5b" or "5b_lyrics".
    device, dtype, weights
        As in `load`.

    Raises
    ------
    CheckpointError
        If files are missing or damaged.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    from jukebox_edu.checkpoints import load_openai_prior, load_openai_vqvae
    from jukebox_edu.checkpoints.located import locate
    from jukebox_edu.model.loading import hash_of

    located = locate(name, None if weights is None else os.fspath(weights))
    if not located.complete:
        raise CheckpointError(
            f"{located.explain_missing()} Fetch the files with: jukebox-edu download {name}; "
            f"or give a folder that holds them: weights=DIR. Licence: {RELEASED_LICENCE}."
        )
    warnings.warn(
        f"The weights of {name} come under OpenAI's {RELEASED_LICENCE}: neither they nor the "
        "music they generate may be used commercially.",
        LicenceNotice,
        stacklevel=3,
    )
    config = MODEL_SETS[name]
    precision = checked_dtype(dtype, device, config)
    vqvae = load_openai_vqvae(located.vqvae, config.vqvae, device=device)
    priors = [
        load_openai_prior(
            located.prior(prior.level), prior, config.vqvae, device=device, dtype=precision
        )
        for prior in config.priors
    ]
    files = [located.vqvae, *(located.prior(level) for level in range(len(priors)))]
    return Jukebox(
        config, vqvae, priors, id_lists(located, config), weights=hash_of(name.encode(), files)
    )


def id_lists(located: Located, config: ModelConfig) -> tuple[LabelVocabularies | None, ...]:
    """Lists of artists and genres for every level, from the released `name;id` files.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    found: list[LabelVocabularies | None] = []
    for prior in config.priors:
        if prior.labels is None:
            found.append(None)
            continue
        version = prior.labels.version
        pair = [
            Vocabulary.from_id_file(located.path(f"{version}_{kind}_ids"), version, kind)
            for kind in ("artist", "genre")
        ]
        found.append(LabelVocabularies(*pair))
    return tuple(found)
