"""Songs that the judges learn from: sung, turned into mel bands, kept in numbered files.

What
    Seeds from 2,000,000 on are the judges' own: models are trained on small numbers and measured on
    songs from 1,000,000 on, the judges themselves on songs from 3,000,000 on. A quarter of the
    songs is drawn from the bundled model's own repertoire, so that its plain arrangements are
    known, too. Songs for the tuned panel pass through a codec, each through one level drawn by its
    seed; their labels are those of the song before.
Conventions
    A file holds `CHUNK` songs; it is written whole, so that a killed run goes on with the next.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from jukebox_edu.evaluation.codec import decoded
from jukebox_edu.evaluation.judges.features import FRAME_SECONDS, log_mel
from jukebox_edu.model import Jukebox
from jukebox_edu.sampling.storing import write_whole
from jukebox_edu.songbook import (
    EVERYTHING,
    STYLES,
    TINY_1,
    VOICES,
    Repertoire,
    SongbookSong,
    make_song,
    phone_frames,
    repertoire_of,
)

TRAINING_SEEDS = 2_000_000
TUNING_SEEDS = 2_500_000  # songs that pass through a codec
CHOOSING_SEEDS = 2_900_000  # songs on which the penalty is chosen, through a codec or not
TEST_SEEDS = 3_000_000
CHUNK = 50  # songs per file
BAND_GAIN = (0.1, 0.3)  # softest and loudest band beside a voice of 1; a style must be audible
VERSION = 2  # raised whenever the songs of a seed change, so that older files are not read


@dataclass(frozen=True, eq=False)
class JudgeSong:
    """One song as a judge learns from it.

    Lesson: notebooks/13_measure_it.ipynb
    """

    mel: torch.Tensor  # (64, frames) float16
    phones: torch.Tensor  # (frames,) phone sung, int64
    voice: int  # index into the songbook's voices
    style: int  # index into its styles


def sing(seed: int, repertoire: Repertoire | None = None, share: float = 0.25) -> SongbookSong:
    """A song of 6 to 12 seconds; its band, if its style has one, can be heard (`BAND_GAIN`).

    With probability `share` it comes from `repertoire` (None: tiny-1's), otherwise from all.

    Lesson: notebooks/13_measure_it.ipynb
    """
    random = np.random.default_rng([seed, 79])
    own = random.random() < share
    return make_song(
        seed,
        seconds=float(random.uniform(6.0, 12.0)),
        band_gain=float(random.uniform(*BAND_GAIN)),
        repertoire=(repertoire or TINY_1) if own else EVERYTHING,
    )


def through_codec(model: Jukebox, song: SongbookSong, level: int) -> np.ndarray:
    """The song's sound after encoding and decoding with one level, at the model's rate.

    Lesson: notebooks/04_three_levels.ipynb
    """
    codes: list[torch.Tensor | None] = list(model.encode(song.audio, song.sample_rate))
    sound = decoded(model.vqvae, codes, level).numpy()
    return sound[: math.ceil(song.seconds * model.sample_rate)]


def learned(seed: int, model: Jukebox | None = None) -> JudgeSong:
    """The song of a seed as a judge hears it; with a model, through one level of its codec.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if model is None:
        song = sing(seed)
        mel = log_mel(song.audio, song.sample_rate)
    else:
        own = repertoire_of(model.artists(), model.genres())
        song = sing(seed, own, share=0.6)
        level = int(np.random.default_rng([seed, 80]).integers(model.vqvae.levels))
        mel = log_mel(through_codec(model, song, level), model.sample_rate)
    phones = phone_frames(song, FRAME_SECONDS, mel.shape[1])
    voice, style = list(VOICES).index(song.artist), list(STYLES).index(song.genre)
    return JudgeSong(mel.half(), torch.from_numpy(phones), voice, style)


def write_chunk(path: Path, songs: Sequence[JudgeSong]) -> None:
    """Write songs into one file of arrays.

    Lesson: notebooks/13_measure_it.ipynb
    """
    arrays = {
        "lengths": np.array([song.mel.shape[1] for song in songs], np.int32),
        "mel": torch.cat([song.mel for song in songs], 1).numpy(),
        "phones": torch.cat([song.phones for song in songs]).numpy().astype(np.int8),
        "voices": np.array([song.voice for song in songs], np.int8),
        "styles": np.array([song.style for song in songs], np.int8),
    }
    write_whole(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]


def read_chunk(path: Path) -> list[JudgeSong]:
    """Read what `write_chunk` wrote.

    Lesson: notebooks/13_measure_it.ipynb
    """
    with np.load(path, allow_pickle=False) as data:
        cuts = np.cumsum(data["lengths"])[:-1].tolist()
        mels = torch.from_numpy(data["mel"]).tensor_split(cuts, 1)
        phones = torch.from_numpy(data["phones"].astype(np.int64)).tensor_split(cuts)
        voices, styles = data["voices"].tolist(), data["styles"].tolist()
    return [
        JudgeSong(mel.contiguous(), row, voice, style)
        for mel, row, voice, style in zip(mels, phones, voices, styles, strict=True)
    ]


def sung(
    folder: Path,
    first_seed: int,
    n_songs: int,
    *,
    model: Jukebox | None = None,
    step: Callable[[int], None] | None = None,
) -> list[JudgeSong]:
    """Songs of seeds from `first_seed` on, from their files; those not there yet are sung.

    `step` is called with the number of songs after each file.

    Lesson: notebooks/13_measure_it.ipynb
    """
    folder.mkdir(parents=True, exist_ok=True)
    songs: list[JudgeSong] = []
    for start in range(first_seed, first_seed + n_songs, CHUNK):
        n = min(CHUNK, first_seed + n_songs - start)
        path = folder / f"songs-{VERSION}-{start}-{n}.npz"
        if not path.is_file():
            write_chunk(path, [learned(seed, model) for seed in range(start, start + n)])
        songs += read_chunk(path)
        if step is not None:
            step(n)
    return songs
