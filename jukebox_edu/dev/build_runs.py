"""Sing the bundled runs: `python -m jukebox_edu.dev.build_runs --model tiny --out FOLDER`.

What
    Candidates of about ten seconds, sung in batches on all three levels: verses of the songbook's
    grammar that the model never saw, its voices taking turns, every third round a cappella, the
    other styles taking turns. With judges the full sound of each is heard, and kept are, voice by
    voice, the songs whose words carry best, and one that is as good as the median; every run says
    which it is and out of how many. Without judges the first ones are kept.

    What was sung stays in the folder of the candidates; the same command goes on there.
Conventions
    Seeds from 4,000,000 on, which nothing is trained, tuned or measured on.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation.judges import edit_counts, load_judges, log_mel
from jukebox_edu.evaluation.judges.listening import Request
from jukebox_edu.evaluation.judges.panel import Judges
from jukebox_edu.evaluation.judges.phone_errors import phones_of_words
from jukebox_edu.model import Jukebox, load
from jukebox_edu.progress import Progress
from jukebox_edu.runs import FOLDER, SOUND, BundledRun, write_run
from jukebox_edu.song import Song
from jukebox_edu.songbook import compose, repertoire_of

FIRST_SEED = 4_000_000
SECONDS = 10.0  # asked for; songs end with a whole line
BATCH = 12  # songs sung side by side
ALONE = "a cappella"
ORDINALS = ("best", "second best", "third best")


@dataclass(frozen=True, eq=False)
class Candidate:
    """One song that might be kept."""

    song: Song  # one song, with its model
    phone_error: float | None  # of its full sound; None: nobody listened

    @property
    def artist(self) -> str:
        """Who sings."""
        return self.song.labels.artist[0]  # type: ignore[union-attr]


@dataclass(frozen=True, eq=False)
class Kept:
    """One that is kept."""

    candidate: Candidate
    chosen: str  # why, in words
    typical: bool = False  # as good as the median


def requests(model: Jukebox, n: int) -> list[Request]:
    """What the candidates ask for.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    own = replace(repertoire_of(model.artists(), model.genres()), old_song_share=0.0)
    voices, styles = own.voices, tuple(dict.fromkeys(own.styles))
    others = tuple(style for style in styles if style != ALONE) or styles
    asked = []
    for i in range(n):
        turn, voice = divmod(i, len(voices))
        if turn % 3 == 0 and ALONE in styles:
            style = ALONE
        else:
            style = others[(turn + voice) % len(others)]
        score = compose(
            FIRST_SEED + i, seconds=SECONDS, voice=voices[voice], style=style, repertoire=own
        )
        asked.append(Request(score.lyrics, voices[voice], style, score.seconds))
    return asked


def _progress(total: int, label: str, shown: bool) -> Progress:
    return Progress(total, label=label, unit="songs", enabled="auto" if shown else False)


def sing(model: Jukebox, asked: Sequence[Request], folder: Path, show: bool = True) -> list[Song]:
    """Sing all requests, those of like length side by side; songs in the order of the requests.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    order = sorted(range(len(asked)), key=lambda i: asked[i].seconds)
    songs: dict[int, Song] = {}
    with _progress(len(asked), "candidates", show) as progress:
        for first in range(0, len(asked), BATCH):
            batch = order[first : first + BATCH]
            sung = model.sample(
                [asked[i].lyrics for i in batch],
                artist=[asked[i].artist for i in batch],
                genre=[asked[i].genre for i in batch],
                seconds=max(asked[i].seconds for i in batch),
                n_samples=len(batch),
                seed=FIRST_SEED + first,
                out=folder / f"songs-{first}-{len(batch)}-of-{len(asked)}",
                progress=show,
            )
            songs |= {i: sung.take(row) for row, i in enumerate(batch)}
            progress.update(len(batch))
    return [songs[i] for i in range(len(asked))]


def phone_error(song: Song, judges: Judges) -> float:
    """Changes per phone asked for in the full sound, as the tuned recogniser hears it.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if judges.tuned is None:
        advice = "Tune them: python -m jukebox_edu.dev.train_judges."
        raise ConfigError(must("judges", "clean judges alone", "with tuned ones", advice))
    lyrics = song.labels.lyrics[0]  # type: ignore[union-attr]
    heard = judges.tuned.hear(log_mel(song.audio(), song.sample_rate)).phones
    return edit_counts(phones_of_words(lyrics).phones, heard).rate


def listen(songs: Sequence[Song], judges: Judges | None, show: bool = True) -> list[Candidate]:
    """Hear all songs, if there is somebody to hear them.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if judges is None:
        return [Candidate(song, None) for song in songs]
    found = []
    with _progress(len(songs), "listening", show) as progress:
        for song in songs:
            found.append(Candidate(song, round(phone_error(song, judges), 4)))
            progress.update(1)
    return found


def choose(candidates: Sequence[Candidate], keep: int) -> list[Kept]:
    """Keep the best of each voice, one voice after the other, and a typical one.

    The typical one is, of those left, the nearest to the median of all. Without judges the first
    ones are kept.

    Lesson: notebooks/13_measure_it.ipynb
    """
    errors = [c.phone_error for c in candidates if c.phone_error is not None]
    if len(errors) < len(candidates):
        chosen = f"the first {min(keep, len(candidates))} sung, nobody chose"
        return [Kept(candidate, chosen) for candidate in candidates[:keep]]
    sizes, places = Counter(candidate.artist for candidate in candidates), Counter[str]()
    found: list[tuple[int, Kept]] = []
    for candidate in sorted(candidates, key=lambda c: c.phone_error or 0.0):
        place, size = places[candidate.artist], sizes[candidate.artist]
        how = ORDINALS[place] if place < len(ORDINALS) else f"number {place + 1}"
        chosen = f"{how} of {size} by phone error, of this voice"
        found.append((place, Kept(candidate, chosen)))
        places[candidate.artist] += 1
    ranked = [entry for _, entry in sorted(found, key=lambda pair: pair[0])]  # stable
    n_best = keep - 1 if keep > 1 else keep
    kept, left = ranked[:n_best], [entry.candidate for entry in ranked[n_best:]]
    if left and keep > 1:
        middle = float(torch.tensor(errors).quantile(0.5))
        typical = min(left, key=lambda c: abs((c.phone_error or 0.0) - middle))
        chosen = f"nearest to the median ({middle:.2f}) of {len(errors)} by phone error"
        kept.append(Kept(typical, chosen, typical=True))
    return kept


def names_of(kept: Sequence[Kept]) -> list[str]:
    """A name for each run: alma_folk, alma_folk_2, bruno_a_cappella_typical.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    names: list[str] = []
    for entry in kept:
        labels = entry.candidate.song.labels
        words = f"{labels.artist[0].split()[0]} {labels.genre[0]}"  # type: ignore[union-attr]
        base = words.lower().replace(" ", "_") + ("_typical" if entry.typical else "")
        same = [base, *(f"{base}_{n}" for n in range(2, len(kept) + 1))]
        names.append(next(name for name in same if name not in names))
    return names


def write(kept: Sequence[Kept], out: Path, judge: str = "", sound: str = SOUND) -> list[BundledRun]:
    """Write all runs; runs that `out` held before and that are not kept are deleted.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    names, written = names_of(kept), []
    for old in sorted(out.glob("*/run.json")):
        shutil.rmtree(old.parent)
    for name, entry in zip(names, kept, strict=True):
        error = entry.candidate.phone_error
        written.append(
            write_run(
                out / name,
                entry.candidate.song,
                chosen=entry.chosen,
                phone_error=error,
                judge=judge if error is not None else "",
                sound=sound,
            )  # fmt: skip
        )
    return written


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    parser = argparse.ArgumentParser(prog="build_runs", description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="tiny", help="name or folder of the model")
    parser.add_argument("--judges", type=Path, help="folder of judges; without them nobody chooses")
    parser.add_argument("--candidates", type=int, default=48, help="songs to choose from")
    parser.add_argument("--keep", type=int, default=6, help="runs to keep")
    parser.add_argument("--out", type=Path, required=True, help=f"folder of the runs: .../{FOLDER}")
    parser.add_argument("--work", type=Path, help="folder of the candidates; default runs/...")
    parser.add_argument("--sound", default=SOUND, help="name of the sound file")
    parser.add_argument("--device", default="cpu", help="where to sing: cpu, cuda")
    given = parser.parse_args(arguments)
    model = load(given.model, device=given.device)
    judges = None if given.judges is None else load_judges(given.judges)
    work = given.work or Path("runs") / f"candidates-{model.config.name}-{model.fingerprint}"
    n = given.candidates if judges is not None else given.keep
    candidates = listen(sing(model, requests(model, n), work), judges)
    kept = choose(candidates, given.keep)
    for run in write(kept, given.out, judges.codec if judges else "", given.sound):
        error = "" if run.phone_error is None else f", phone error {run.phone_error:.2f}"
        size = sum(file.stat().st_size for file in run.path.iterdir())
        print(f"{run.name}: {run.chosen}{error}, {run.seconds:.1f} s, {size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
