"""The command `jukebox-edu download`: what it will fetch, whose licence that has, and fetching it.

What
    `add_download_command` adds the command to a parser; parsed arguments then carry `handler`, a
    function from those arguments to an exit code: 0 done, 1 failed, 2 not agreed to, 130 stopped
    (the same line goes on).
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from jukebox_edu.checkpoints.cache import HOME_VARIABLE, cache_folder, size_text
from jukebox_edu.checkpoints.catalogue import LICENCE_NOTICE, MIRROR_VARIABLE, MODELS, addresses
from jukebox_edu.checkpoints.located import SOURCES, Located, fetch_model, locate
from jukebox_edu.errors import JukeboxError

_DESCRIPTION = (
    "Fetch the files of a released model, or see what is missing. An interrupted download goes on "
    "with the same line."
)


def add_download_command(subparsers: Any) -> argparse.ArgumentParser:
    """Add `download` to the subparsers of a command line.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    parser = subparsers.add_parser("download", help=_DESCRIPTION, description=_DESCRIPTION)
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help=f"{', '.join(MODELS)}; without it, list them"
    )
    parser.add_argument(
        "--weights", metavar="DIR", help="a folder with the files; nothing is fetched then"
    )
    parser.add_argument(
        "--mirror",
        metavar="URL",
        action="append",
        help=f"another address; may be repeated (or {MIRROR_VARIABLE})",
    )
    parser.add_argument("--cache", metavar="DIR", help=f"folder for downloads (or {HOME_VARIABLE})")
    parser.add_argument("--source", choices=SOURCES, default=SOURCES[0], help="whose files")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(handler=run_download)
    return parser


def run_download(arguments: argparse.Namespace) -> int:
    """Carry the command out; returns its exit code.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    try:
        if arguments.model is None:
            _show_models(arguments)
            return 0
        return _download(arguments)
    except JukeboxError as error:
        print(f"jukebox-edu download: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same line goes on where it ended.", file=sys.stderr)
        return 130


def _show_models(arguments: argparse.Namespace) -> None:
    for name, model in MODELS.items():
        located = locate(name, arguments.weights, arguments.cache)
        size = size_text(model.size_bytes, exact=False)
        here = "here" if located.complete else f"{len(located.missing)} files to fetch"
        print(f"{name:<10} {size:<14} {here}")
    print(LICENCE_NOTICE)


def _download(arguments: argparse.Namespace) -> int:
    located = locate(arguments.model, arguments.weights, arguments.cache, source=arguments.source)
    print(LICENCE_NOTICE)
    _show_files(located, arguments)
    if located.complete:
        print("Everything is on this machine.")
        return 0
    if arguments.weights is not None:
        print("With --weights nothing is fetched: copy the missing files there.", file=sys.stderr)
        return 1
    size = size_text(located.bytes_to_fetch, exact=False)
    if not arguments.yes and not _agreed(f"Fetch {size} to {cache_folder(arguments.cache)}?"):
        return 2
    fetch_model(
        arguments.model,
        cache=arguments.cache,
        mirrors=arguments.mirror,
        source=arguments.source,
    )
    print(f"Everything is on this machine, in {cache_folder(arguments.cache)}.")
    return 0


def _show_files(located: Located, arguments: argparse.Namespace) -> None:
    for found in located.found:
        print(f"  here     {found.path} ({size_text(found.path.stat().st_size)})")
    for item in located.missing:
        print(f"  missing  {item}")
        if arguments.weights is None:
            print(f"           from {addresses(item.file, arguments.mirror)[0]}")


def _agreed(question: str) -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        print(f"{question} Nobody can answer here: add --yes.", file=sys.stderr)
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
