"""Is it sung, and what makes it be sung? `python -m jukebox_edu.dev.measure_singing --model tiny`.

What
    real              the songs themselves, and through each level of the codec: the ceiling
    sung              the same lyrics, sung by the model: all levels
    top               a part of them again, the top level alone: what the next five compare with
    no-guidance       the lyrics are not pushed
    other-lyrics      another song's lyrics are sung; scored against those that were asked for
    no-lyrics         no lyrics at all
    other-voice       another voice is asked for: who is heard, that one or the first?
    temperature-0.9   that temperature instead of the model's own
    real-top-codes    the real songs' top codes, the lower levels written by the upsamplers
    outside           words outside the training vocabulary
    long              songs of 18 to 30 s, two or three windows: real, and the top level alone

    Songs of seeds from 1,000,000 on, 7 to 10 s long if nothing else is said. A part in the file is
    not repeated.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from jukebox_edu.dev.ablations import machine
from jukebox_edu.dev.outside_words import outside_places
from jukebox_edu.dev.singing_study import (
    Part,
    Study,
    WordRecall,
    long_songs,
    outside_songs,
    read_study,
    short_songs,
)
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation import estimate
from jukebox_edu.evaluation.judges import Judges, load_judges
from jukebox_edu.evaluation.judges.listening import Listening, Request, other_songs
from jukebox_edu.evaluation.judges.phone_errors import edit_counts, phones_of_words, words_heard
from jukebox_edu.evaluation.singing import listen_to_model, listen_to_songs, requests_of
from jukebox_edu.evaluation.songs import FIRST_SEED, TestSong
from jukebox_edu.labels import SongLabels
from jukebox_edu.model import Jukebox, load
from jukebox_edu.sampling import SamplingOptions
from jukebox_edu.song import Song


@dataclass(frozen=True, eq=False)
class Setting:
    """What all parts share."""

    model: Jukebox
    judges: Judges
    n_songs: int  # of the parts real and sung
    n_ablation: int  # of the others
    n_outside: int  # songs with words outside the vocabulary
    batch: int  # songs sung side by side
    keep: Path | None  # folder of what is sung; a part that was stopped goes on there
    pitch: bool = True  # whether the pitch is followed in the parts real and sung
    n_long: int = 12  # songs of several windows

    @property
    def top(self) -> int:
        """The top level."""
        return self.model.levels - 1

    def songs(self, n: int) -> list[TestSong]:
        """The first test songs."""
        return list(short_songs(self.model, n))

    def sung(
        self,
        part: str,
        requests: Sequence[Request],
        levels: Sequence[int],
        options: SamplingOptions | None = None,
        pitch: bool = False,
    ) -> dict[int, Listening]:
        """What the judges hear of the model, by level."""
        folder = None if self.keep is None else self.keep / part
        return listen_to_model(
            self.model, requests, self.judges, levels=levels, options=options, batch=self.batch,
            pitch=pitch, out=folder,
        )  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Sounds that were heard, each with what it is scored against."""

    name: str  # which songs, in words
    heard: Listening
    asked: Sequence[Request]


def find_real(s: Setting, songs: list[TestSong]) -> list[Found]:
    """Songs as they are, then through each level, bottom first."""
    heard = listen_to_songs(s.model, songs, s.judges, pitch=s.pitch)
    names = ["real songs"] + [f"through level {k}" for k in range(s.model.vqvae.levels)]
    asked = requests_of(songs, s.model)
    return [Found(name, one, asked) for name, one in zip(names, heard, strict=True)]


def find_sung(s: Setting, songs: list[TestSong], part: str = "sung") -> list[Found]:
    """Sung by the model, every level, bottom first."""
    asked = requests_of(songs, s.model)
    heard = s.sung(part, asked, range(s.model.levels), pitch=s.pitch and part == "sung")
    return [Found(f"sung, level {k}", one, asked) for k, one in heard.items()]


def find_top(
    s: Setting, songs: list[TestSong], part: str = "top", options: SamplingOptions | None = None
) -> list[Found]:
    """The top level alone, drawn as `options` say."""
    asked = requests_of(songs, s.model)
    heard = s.sung(part, asked, [s.top], options)[s.top]
    return [Found(f"sung, level {s.top}, {part}", heard, asked)]


def find_other_lyrics(s: Setting, songs: list[TestSong]) -> list[Found]:
    """Another song's lyrics are sung, scored against the song's own, then against the others."""
    asked = requests_of(songs, s.model)
    others = other_songs(asked)
    if others is None:
        raise ConfigError(must("songs", len(songs), "songs with different lyrics"))
    told = [replace(r, lyrics=asked[k].lyrics) for r, k in zip(asked, others, strict=True)]
    heard = s.sung("other-lyrics", told, [s.top])[s.top]
    return [
        Found("other lyrics sung, scored against the song's own", heard, asked),
        Found("other lyrics sung, scored against what was sung", heard, told),
    ]


def find_no_lyrics(s: Setting, songs: list[TestSong]) -> list[Found]:
    """No lyrics are given; scored against the song's own."""
    asked = requests_of(songs, s.model)
    told = [replace(request, lyrics="") for request in asked]
    return [Found("no lyrics given", s.sung("no-lyrics", told, [s.top])[s.top], asked)]


def find_other_voice(s: Setting, songs: list[TestSong]) -> list[Found]:
    """The next voice is asked for; scored against that one, then against the song's own."""
    asked = requests_of(songs, s.model)
    names = [name for name in s.model.artists() if name != "unknown"]
    after = dict(zip(names, names[1:] + names[:1], strict=True))
    told = [replace(r, artist=after.get(r.artist, names[0])) for r in asked]
    heard = s.sung("other-voice", told, [s.top])[s.top]
    return [
        Found("another voice asked for, that voice heard", heard, told),
        Found("another voice asked for, the song's own voice heard", heard, asked),
    ]


def with_top_codes(model: Jukebox, songs: Sequence[TestSong], seed: int) -> Song:
    """The songs' own top codes as one `Song`, silence behind the shorter ones.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    top = model.hop_lengths[-1]
    length = -(-max(len(song.audio) for song in songs) // top) * top
    rows = np.stack([np.pad(song.audio, (0, length - len(song.audio))) for song in songs])
    empty = torch.zeros(len(songs), 0, dtype=torch.long)
    labels = SongLabels.create(
        lyrics=[song.lyrics for song in songs],
        artist=[song.artist for song in songs],
        genre=[song.genre for song in songs],
        total_length=length,
        n_samples=len(songs),
        priors=model.config.priors,
        vocabularies=model.vocabularies,
    )
    return Song(
        [empty] * (model.levels - 1) + [model.encode(rows)[-1].cpu()],
        model.sample_rate,
        tuple(model.hop_lengths),
        model.config.vqvae.codebook_size,
        seed,
        labels,
        model=model,
    )


def find_real_top_codes(s: Setting, songs: list[TestSong]) -> list[Found]:
    """Real top codes, the levels below written by the upsamplers, bottom first."""
    below = [Listening(s.judges) for _ in range(s.top)]
    for first in range(0, len(songs), s.batch):
        some = songs[first : first + s.batch]
        folder = None if s.keep is None else s.keep / "real-top-codes" / f"songs-{first}"
        begun = with_top_codes(s.model, some, first)
        written = s.model.upsample(begun, out=folder, progress=False)
        for i, song in enumerate(some):
            for level, listening in enumerate(below):
                sound = written.audio(level, i)[: len(song.audio)]
                listening.listen(sound, s.model.sample_rate, pitch=False)
    asked = requests_of(songs, s.model)
    return [Found(f"real top codes, level {k}", one, asked) for k, one in enumerate(below)]


def find_outside(s: Setting) -> list[Found]:
    """Real songs of new words, through the codec, and sung by the model."""
    songs = list(outside_songs(s.model, s.n_outside))
    return [*find_real(replace(s, pitch=False), songs), *find_sung(s, songs, "outside")]


def find_long(s: Setting) -> list[Found]:
    """Songs longer than the top prior's window: real, through its level, and sung by it.

    They differ much in length, so each is sung by itself, as long as it is.
    """
    songs = list(long_songs(s.model, s.n_long))
    real, *_, coded = find_real(replace(s, pitch=False), songs)
    return [real, coded, *find_top(replace(s, batch=1), songs, "long")]


def recall_of(found: Found) -> WordRecall:
    """Recall of words outside the vocabulary, and of the others in the same songs.

    Lesson: notebooks/13_measure_it.ipynb
    """
    outside, inside = [], []
    for heard, request in zip(found.heard.tuned or found.heard.clean, found.asked, strict=True):
        asked = phones_of_words(request.lyrics)
        right = np.array(words_heard(asked, edit_counts(asked.phones, heard.phones)))
        new = np.array(outside_places(request.lyrics))
        outside.append(float(right[new].mean()))
        inside.append(float(right[~new].mean()))
    return WordRecall(found.name, estimate(outside), estimate(inside))


PARTS: dict[str, Callable[[Setting], list[Found]]] = {
    "real": lambda s: find_real(s, s.songs(s.n_songs)),
    "sung": lambda s: find_sung(s, s.songs(s.n_songs)),
    "top": lambda s: find_top(s, s.songs(s.n_ablation)),
    "no-guidance": lambda s: find_top(
        s, s.songs(s.n_ablation), "no-guidance", SamplingOptions(guidance=1.0)
    ),
    "other-lyrics": lambda s: find_other_lyrics(s, s.songs(s.n_ablation)),
    "no-lyrics": lambda s: find_no_lyrics(s, s.songs(s.n_ablation)),
    "other-voice": lambda s: find_other_voice(s, s.songs(s.n_ablation)),
    "temperature-0.9": lambda s: find_top(
        s, s.songs(s.n_ablation), "temperature-0.9", SamplingOptions(temperature=0.9)
    ),
    "real-top-codes": lambda s: find_real_top_codes(s, s.songs(s.n_ablation)),
    "outside": find_outside,
    "long": find_long,
}


def measured(s: Setting, name: str) -> Part:
    """One part of the study.

    Lesson: notebooks/13_measure_it.ipynb
    """
    began = time.perf_counter()
    found = PARTS[name](s)
    sounds = tuple(one.heard.figures(one.name, one.asked) for one in found)
    recalls = tuple(map(recall_of, found)) if name == "outside" else ()
    seconds = round(time.perf_counter() - began, 1)
    return Part(sounds, len(found[0].asked), seconds, recalls)


def study_of(s: Setting, path: Path) -> Study:
    """The study in a file, or a new one.

    Raises
    ------
    ConfigError
        If the file is about another model or other judges.

    Lesson: notebooks/13_measure_it.ipynb
    """
    fresh = Study(
        s.model.config.name, s.model.fingerprint, s.judges.codec, FIRST_SEED,
        1 / len(s.judges.clean.voice.config.names), 1 / len(s.judges.clean.style.config.names),
        machine(),
    )  # fmt: skip
    if not path.is_file():
        return fresh
    known = read_study(path)
    if (known.weights, known.judges) != (fresh.weights, fresh.judges):
        allowed = "a new file, or one of this model and these judges"
        raise ConfigError(must("out", str(path), allowed))
    return known


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command.

    Lesson: notebooks/13_measure_it.ipynb
    """
    parser = argparse.ArgumentParser(description="Let a model sing, and let the judges listen.")
    parser.add_argument("--model", required=True, help="name or folder")
    parser.add_argument("--judges", help="folder; default: that of the checkout")
    parser.add_argument("--out", type=Path, required=True, help="file of the study, JSON")
    parser.add_argument("--keep", type=Path, help="folder that keeps what is sung")
    parser.add_argument("--songs", type=int, default=48, help="songs of the parts real and sung")
    parser.add_argument("--ablation-songs", type=int, default=24, help="songs of the other parts")
    parser.add_argument("--outside", type=int, default=16, help="songs of words never trained on")
    parser.add_argument("--long", type=int, default=12, help="songs of several windows")
    parser.add_argument("--batch", type=int, default=16, help="songs sung side by side")
    parser.add_argument("--no-pitch", action="store_true", help="do not follow the pitch")
    parser.add_argument("--parts", nargs="*", choices=list(PARTS), default=list(PARTS))
    given = parser.parse_args(arguments)
    model, judges = load(given.model, device="cpu"), load_judges(given.judges)
    setting = Setting(
        model, judges, given.songs, given.ablation_songs, given.outside, given.batch, given.keep,
        not given.no_pitch, given.long,
    )  # fmt: skip
    study = study_of(setting, given.out)
    for name in given.parts:
        if name in study.parts:
            continue
        part = measured(setting, name)
        study = dataclasses.replace(study, parts={**study.parts, name: part})
        study.save(given.out)
        errors = ", ".join(f"{one.sound}: {one.best.phone_errors}" for one in part.sounds)
        print(f"{name} ({part.wall_seconds:.0f} s): {errors}", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
