"""`jukebox-edu encode` and `jukebox-edu decode`: sound to codes in a file, and back.

What
    The file is an npz with `codes_<level>` (batch, tokens) and a JSON text `about`, which names
    the codec and the true length of the sound.
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

import argparse
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jukebox_edu.cli.singing import add_model_options, load_model
from jukebox_edu.errors import ConfigError, RunError, must

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox

FORMAT = "jukebox_edu codes 1"


def add_commands(commands: Any) -> None:
    """Add `encode` and `decode` to the parser.

    Lesson: notebooks/04_three_levels.ipynb
    """
    encode = commands.add_parser("encode", help="turn a recording into codes")
    encode.add_argument("audio", metavar="AUDIO", help="wav, flac, ogg, mp3, ...")
    encode.add_argument("--out", required=True, metavar="CODES.npz")
    add_model_options(encode)
    encode.set_defaults(run=run_encode)
    decode = commands.add_parser("decode", help="turn codes into sound")
    decode.add_argument("codes", metavar="CODES.npz", help="written by jukebox-edu encode")
    decode.add_argument("--level", type=int, default=0, help="0 is the bottom (finest)")
    decode.add_argument("--out", required=True, metavar="SOUND.wav", help="or flac, ogg, mp3")
    add_model_options(decode)
    decode.set_defaults(run=run_decode)


def _codec(model: Jukebox) -> dict[str, Any]:
    """What must agree between the codes and the model."""
    codec = model.config.vqvae
    return {
        "sample_rate": codec.sample_rate,
        "hop_lengths": list(codec.hop_lengths),
        "codebook_size": codec.codebook_size,
    }


def run_encode(arguments: argparse.Namespace) -> None:
    """Write the codes of a recording.

    Lesson: notebooks/04_three_levels.ipynb
    """
    from jukebox_edu import audio
    from jukebox_edu.sampling.storing import write_whole

    target = Path(arguments.out)
    if target.suffix != ".npz":
        raise ConfigError(must("out", arguments.out, "a name that ends in .npz"))
    model = load_model(arguments)
    clip = audio.load(arguments.audio, sample_rate=model.sample_rate)
    audio.check_not_silent(clip.samples, str(arguments.audio))
    codes = model.encode(clip.samples)
    about = {
        "format": FORMAT,
        "model": model.config.name,
        "n_samples": len(clip.samples),
        **_codec(model),
    }
    arrays: dict[str, Any] = {"about": np.array(json.dumps(about))}
    for level, found in enumerate(codes):
        arrays[f"codes_{level}"] = found.cpu().numpy().astype(np.int32)
    write_whole(target, lambda file: np.savez_compressed(file, **arrays))
    numbers = ", ".join(f"{c.shape[1]:,} of level {level}" for level, c in enumerate(codes))
    print(f"wrote {target}: {clip.seconds:.2f} s as codes ({numbers})")


def run_decode(arguments: argparse.Namespace) -> None:
    """Write the sound of codes, as long as the recording was.

    Lesson: notebooks/04_three_levels.ipynb
    """
    import torch

    from jukebox_edu import audio

    path = Path(arguments.codes)
    about, codes = read_codes_file(path)
    model = load_model(arguments)
    ours, theirs = _codec(model), {key: about.get(key) for key in _codec(model)}
    if ours != theirs:
        advice = f"They were made by {about.get('model')!r}."
        raise ConfigError(must("codes", theirs, f"of this model: {ours}", advice))
    levels = [torch.from_numpy(c.astype(np.int64)) for c in codes]
    sound = model.decode(levels, arguments.level)[0, : int(about["n_samples"])]
    tags = audio.AudioTags(model=model.config.name, licence=model.config.licence)
    saved = audio.save(arguments.out, sound.cpu().numpy(), model.sample_rate, tags=tags)
    print(f"wrote {saved.path}: {saved.seconds:.2f} s, {100 * saved.clipped_share:.2f} % clipped")


def read_codes_file(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """What `encode` wrote: facts and codes of every level.

    Raises
    ------
    RunError
        If the file is missing, damaged, or something else.

    Lesson: notebooks/04_three_levels.ipynb
    """
    try:
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            if about["format"] != FORMAT:
                raise ValueError(f"its format is {about['format']!r}")
            names = [f"codes_{level}" for level in range(len(about["hop_lengths"]))]
            codes = [file[name] for name in names]
            if any(c.ndim != 2 or c.dtype.kind not in "iu" for c in codes):
                raise ValueError("its codes are no whole numbers (batch, tokens)")
            about["n_samples"] = int(about["n_samples"])
            return about, codes
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or error
        allowed = "a file written by jukebox-edu encode"
        raise RunError(must("codes", str(path), allowed, f"({reason})")) from None
