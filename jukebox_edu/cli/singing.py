"""`jukebox-edu demo` and `jukebox-edu sample`.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jukebox_edu import units
from jukebox_edu.errors import ConfigError, LyricsError, must

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox

DEMO_SECONDS = 10  # at least so long
DEMO_SEED = 1  # words and seed are those of the README's ten lines
DEMO_LYRICS = """the moon and the stars will shine
come and sing with me"""


def add_commands(commands: Any) -> None:
    """Add `demo` and `sample` to the parser.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    demo = commands.add_parser("demo", help="sing a song: writes song.flac and song.html")
    demo.add_argument("--out", default="demo", metavar="DIR", help="folder (default: demo)")
    demo.add_argument("--seed", type=int, default=DEMO_SEED, help="another number, another song")
    add_model_options(demo)
    demo.set_defaults(run=run_demo)
    sample = commands.add_parser(
        "sample", help="sing your lyrics; the same line resumes after an interruption"
    )
    _add_song_options(sample)
    _add_drawing_options(sample)
    add_model_options(sample)
    sample.set_defaults(run=run_sample)


def _add_song_options(sample: argparse.ArgumentParser) -> None:
    """What the song is."""
    words = sample.add_mutually_exclusive_group()
    words.add_argument("--lyrics", metavar="FILE", help="text file with the words; - reads input")
    words.add_argument("--text", help="the words themselves")
    sample.add_argument("--artist", metavar="NAME", help="who sings (default: the model's first)")
    sample.add_argument("--genre", metavar="NAME", help="style (default: the model's first)")
    sample.add_argument("--seconds", type=float, default=10, help="length, prompt included")
    sample.add_argument("--total-seconds", type=float, help="length of the song the model is told")
    sample.add_argument("--n-samples", type=int, default=1, help="songs side by side")
    sample.add_argument("--seed", type=int, default=0, help="another number, another song")
    sample.add_argument("--levels", metavar="2,1,0", help="levels to write (default: all)")
    sample.add_argument("--prompt", metavar="AUDIO", help="recording that the song begins with")
    sample.add_argument("--prompt-seconds", type=float, help="its first seconds only")
    sample.add_argument("--out", required=True, metavar="DIR", help="folder of the song")


def _add_drawing_options(sample: argparse.ArgumentParser) -> None:
    """How codes are drawn."""
    many = "one number, or one per level from the bottom: 1,1,0.98"
    for name in ("--temperature", "--top-k", "--top-p", "--hop-fraction", "--guidance"):
        sample.add_argument(name, metavar="X", help=many)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Options of every command that loads a model.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    parser.add_argument("--model", default="tiny", metavar="NAME", help="see jukebox-edu models")
    parser.add_argument("--weights", metavar="DIR", help="folder with a released model's files")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps")
    parser.add_argument("--dtype", default="auto", help="auto, float32, bfloat16, float16")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def load_model(arguments: argparse.Namespace) -> Jukebox:
    """The model that the options name.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.model import load

    return load(arguments.model, arguments.device, arguments.dtype, arguments.weights)


def run_demo(arguments: argparse.Namespace) -> None:
    """Sing a fixed song and show it.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.sampling.run_folder import checked_folder

    model = load_model(arguments)
    folder = checked_folder(arguments.out)
    wanted = DEMO_SECONDS * model.sample_rate
    seconds = units.padded_length(wanted, model.hop_lengths[-1]) / model.sample_rate
    song = model.sample(
        DEMO_LYRICS,
        artist=next(iter(model.artists()), None),
        genre=next(iter(model.genres()), None),
        seconds=seconds,
        seed=arguments.seed,
        progress=not arguments.quiet,
    )
    for path in (song.export(folder / "song.flac"), song.to_html(folder / "song.html")):
        print(f"wrote {path}")


def run_sample(arguments: argparse.Namespace) -> None:
    """Sing what was asked for.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.sampling.options import SamplingOptions

    names = ("temperature", "top_k", "top_p", "hop_fraction", "guidance")
    given = {name: getattr(arguments, name) for name in names}
    options = SamplingOptions(**{k: _numbers(k, v) for k, v in given.items() if v is not None})
    lyrics = arguments.text or ""
    if arguments.lyrics is not None:
        lyrics = read_lyrics(arguments.lyrics)
    levels = None if arguments.levels is None else _numbers("levels", arguments.levels)
    model = load_model(arguments)
    arguments.if_stopped = (
        f"Stopped. Everything drawn is in {arguments.out}; the same line goes on from there."
    )
    song = model.sample(
        lyrics,
        artist=arguments.artist,
        genre=arguments.genre,
        seconds=arguments.seconds,
        total_seconds=arguments.total_seconds,
        n_samples=arguments.n_samples,
        seed=arguments.seed,
        levels=levels,
        prompt=_prompt(arguments, model),
        options=options,
        out=arguments.out,
        progress=not arguments.quiet,
    )
    folder = song.save(arguments.out)
    print(f"wrote {folder}: open {folder / 'index.html'}")


def _prompt(arguments: argparse.Namespace, model: Jukebox) -> Any:
    """The recording that the song begins with, or its beginning."""
    if arguments.prompt_seconds is None:
        return arguments.prompt
    if arguments.prompt is None:
        advice = "Name it with --prompt."
        raise ConfigError(must("prompt_seconds", arguments.prompt_seconds, "of a prompt", advice))
    from jukebox_edu import audio

    seconds = units.checked_seconds(arguments.prompt_seconds, "prompt_seconds")
    clip = audio.load(arguments.prompt, sample_rate=model.sample_rate, seconds=seconds)
    return clip.samples


def _numbers(name: str, text: str) -> Any:
    """One number, or several between commas."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(must(name, text, "a number, or numbers between commas")) from None
    whole = [int(value) if value.is_integer() else value for value in values]
    return whole[0] if len(whole) == 1 else whole


def read_lyrics(name: str) -> str:
    """The words in a text file, or from standard input for "-".

    Raises
    ------
    LyricsError
        If the file cannot be read as UTF-8 text.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    try:
        if name == "-":
            return sys.stdin.read()
        return Path(name).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        advice = "Save it as UTF-8 in your editor."
        raise LyricsError(must("lyrics", name, "a text file in UTF-8", advice)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LyricsError(must("lyrics", name, "a text file", f"({reason})")) from None
