"""The command `jukebox-edu convert`: a model from one format into another.

What
        jukebox-edu convert 1b_lyrics models/1b --to folder --dtype float16
        jukebox-edu convert old/vqvae.pth.tar models/mine --to folder
        jukebox-edu convert models/mine released --to openai

    A stopped conversion goes on with the same line: whole files are kept. `add_convert_command`
    adds the command to a parser; parsed arguments then carry `handler`, a function from those
    arguments to an exit code: 0 done, 1 failed, 130 stopped.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from jukebox_edu.checkpoints.cache import size_text
from jukebox_edu.checkpoints.catalogue import LICENCE_NOTICE, MODELS
from jukebox_edu.errors import ConfigError, JukeboxError, must
from jukebox_edu.released import RELEASED_LICENCE

_DESCRIPTION = (
    "Convert a model: the released files, the layout of Hugging Face's port, and our own folder, "
    "one into another. The same line goes on after an interruption."
)
_DTYPES = ("float32", "float16", "bfloat16")


def add_convert_command(subparsers: Any) -> argparse.ArgumentParser:
    """Add `convert` to the subparsers of a command line.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    parser = subparsers.add_parser("convert", help=_DESCRIPTION, description=_DESCRIPTION)
    parser.add_argument(
        "source", metavar="SOURCE", help=f"a folder, a .pth.tar file, or one of {', '.join(MODELS)}"
    )
    parser.add_argument("target", metavar="TARGET", help="folder to write to")
    parser.add_argument("--to", choices=("folder", "openai", "port"), required=True, help="format")
    parser.add_argument(
        "--dtype", choices=_DTYPES, help="precision of the matrices (default: as stored)"
    )
    parser.add_argument("--weights", metavar="DIR", help="folder with a released model's files")
    parser.add_argument(
        "--levels", metavar="2,1,0", help="levels of a released model (default: all)"
    )
    parser.add_argument(
        "--level", type=int, metavar="N", help="level of an upsampler's file that does not say it"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(handler=run_convert)
    return parser


def run_convert(arguments: argparse.Namespace) -> int:
    """Carry the command out; returns its exit code.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    try:
        _convert(arguments)
        return 0
    except JukeboxError as error:
        print(f"jukebox-edu convert: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same line goes on: whole files are kept.", file=sys.stderr)
        return 130


def _convert(arguments: argparse.Namespace) -> None:
    import torch

    from jukebox_edu.checkpoints.convert import convert
    from jukebox_edu.checkpoints.finding import find_model, find_source

    if arguments.source in MODELS and not Path(arguments.source).exists():
        levels = None if arguments.levels is None else _levels(arguments.levels)
        source = find_model(arguments.source, arguments.weights, levels=levels)
        source = source if levels is None else source.only(levels)
    else:
        source = find_source(arguments.source, level=arguments.level)
    if source.parts.licence == RELEASED_LICENCE:
        print(LICENCE_NOTICE)
    done = convert(
        source,
        arguments.target,
        arguments.to,
        dtype=None if arguments.dtype is None else getattr(torch, arguments.dtype),
        progress=False if arguments.quiet else "auto",
    )
    for words, paths in (("wrote", done.written), ("there already", done.kept)):
        for path in paths:
            print(f"{words} {path} ({size_text(path.stat().st_size)})")


def _levels(text: str) -> tuple[int, ...]:
    """Numbers between commas."""
    try:
        levels = tuple(int(part) for part in text.split(","))
        if all(0 <= level <= 2 for level in levels):
            return levels
        raise ValueError
    except ValueError:
        raise ConfigError(must("levels", text, "levels between commas, such as 2,1,0")) from None
