"""`evaluate`: all measurements of one model in one call.

What
    1. Songs are heard one by one: encoded, decoded from every level, described, forgotten.
    2. Priors read the codes, one level and one song at a time.
    3. Generated songs, if there are any, are compared with the real ones.
    4. The model sings some of the lyrics, if there are judges to listen.

    Memory holds one song's sound and all songs' codes.
Paper: [Jukebox §5]
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation.codec import (
    CodecFigures,
    SongKept,
    codec_figures,
    decoded,
    other_song_distance,
    song_kept,
)
from jukebox_edu.evaluation.coded import CodedSong, as_tensor, encode_song
from jukebox_edu.evaluation.conditioning import PriorFigures, measure_prior
from jukebox_edu.evaluation.diversity import Take, measure_diversity
from jukebox_edu.evaluation.embedding import embed
from jukebox_edu.evaluation.frechet import measure_frechet
from jukebox_edu.evaluation.judges.panel import Judges
from jukebox_edu.evaluation.memorisation import (
    MemorisationFigures,
    TrainingCodes,
    measure_memorisation,
)
from jukebox_edu.evaluation.probe import PhoneCodes, ProbeFigures, probe_across, probe_phones
from jukebox_edu.evaluation.report import Report
from jukebox_edu.evaluation.seams import SeamFigures, measure_seams
from jukebox_edu.evaluation.singing import measure_singing, songs_with_words
from jukebox_edu.evaluation.songs import TestSong
from jukebox_edu.evaluation.timing import TimingFigures, measure_times
from jukebox_edu.model import Jukebox
from jukebox_edu.progress import Progress
from jukebox_edu.song import Song
from jukebox_edu.vqvae.losses import SINGLE_RESOLUTION

PROBE_STEPS = 400  # optimizer steps of the phone probe


@dataclass
class _Heard:
    """What is kept of the songs once they were heard; lives in one call of `evaluate`."""

    coded: list[CodedSong] = field(default_factory=list)
    kept: list[list[SongKept]] = field(default_factory=list)  # index = level
    others: list[float] = field(default_factory=list)  # dB, from each song to the next
    clips: list[np.ndarray] = field(default_factory=list)  # of the real songs
    through: list[list[np.ndarray]] = field(default_factory=list)  # index = level, clips
    notes: list[str] = field(default_factory=list)


def evaluate(
    model: Jukebox,
    songs: Sequence[TestSong],
    *,
    generated: Sequence[Song] | None = None,
    training_codes: Iterable[np.ndarray] | None = None,
    probe_songs: Sequence[PhoneCodes] | None = None,
    judges: Judges | None = None,
    sing: int = 0,
    source: str = "",
    progress: bool = True,
    seed: int = 0,
) -> Report:
    """Measure a model on songs it never saw.

    Parameters
    ----------
    model
        With its priors.
    songs
        Never trained on; a `SongList` reads them one by one.
    generated
        Songs that the model wrote, samples of one request side by side in one `Song`.
    training_codes
        Top-level codes (tokens,) of training songs, for memorisation.
    probe_songs
        Training songs of the phone probe; None: the test songs take turns.
    judges, sing
        Who listens, and how many of the songs with words the model sings to them; see
        `measure_singing`. Nothing here takes longer.
    source
        Where the songs come from, in words, for the report.

    Raises
    ------
    ConfigError
        If there is no song that can be measured, or none to be sung.

    Lesson: notebooks/13_measure_it.ipynb
    """
    began = time.perf_counter()
    _check_singing(judges, sing)
    heard = _hear(model, songs, progress)
    if not heard.coded:
        advice = " ".join(heard.notes)
        raise ConfigError(must("songs", len(songs), "at least one song that sounds", advice))
    takes = _generated_takes(generated or (), model.sample_rate)
    real = [
        Take(f"{song.artist}\n{song.genre}", clips, _own_codes(song, model))
        for song, clips in zip(heard.coded, heard.clips, strict=True)
    ]
    priors = _priors(model, heard.coded, progress)
    return Report(
        model=model.config.name,
        weights=model.fingerprint,
        source=source,
        songs=tuple(song.name for song in heard.coded),
        seconds=sum(song.n_samples for song in heard.coded) / model.sample_rate,
        n_generated=len(takes),
        codec=_codec(model, heard),
        priors=priors,
        timing=_times(model, heard.coded, progress, seed),
        probe=_probe(model, heard.coded, probe_songs, progress, seed),
        seams=_seams(generated or (), model.levels, seed),
        frechet=measure_frechet(heard.clips, heard.through, [t.clips for t in takes], seed=seed),
        diversity=measure_diversity(real, takes),
        memorisation=_memorisation(model, real, takes, training_codes, progress),
        singing=None
        if judges is None or not sing
        else measure_singing(
            model, songs_with_words(songs, sing), judges, seed=seed, progress=progress
        ),
        notes=tuple(dict.fromkeys(heard.notes)),
        machine=f"{platform.machine()}, {model.device}, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}",
        wall_seconds=round(time.perf_counter() - began, 1),
    )


def _progress(total: int, label: str, shown: bool) -> Progress:
    return Progress(total, label=label, unit="songs", enabled="auto" if shown else False)


def _hear(model: Jukebox, songs: Sequence[TestSong], progress: bool) -> _Heard:
    """Encode and decode every song once."""
    levels = range(model.vqvae.levels)
    heard = _Heard(kept=[[] for _ in levels], through=[[] for _ in levels])
    least = max(SINGLE_RESOLUTION[0], *model.config.vqvae.losses.n_ffts) // 2
    least = max(least + 1, model.hop_lengths[-1])
    before: torch.Tensor | None = None
    with _progress(len(songs), "codec", progress) as counter:
        for song in songs:
            if song.silent:
                heard.notes.append(f"{song.name}: silent, left out")
            elif len(song.audio) < least + model.hop_lengths[-1]:
                heard.notes.append(f"{song.name}: too short, left out")
            else:
                sound = _hear_one(model, song, heard)
                if before is not None:
                    heard.others.append(other_song_distance(model.vqvae, sound, before))
                before = sound
            counter.update(1)
    return heard


def _hear_one(model: Jukebox, song: TestSong, heard: _Heard) -> torch.Tensor:
    """Measure one song; returns its sound (samples,), whole top-level codes."""
    coded = encode_song(model, song)
    top = model.hop_lengths[-1]
    length = coded.n_samples // top * top
    sound = torch.from_numpy(song.audio[:length].copy())
    for level, hop in enumerate(model.hop_lengths):
        codes: list[torch.Tensor | None] = [None] * model.vqvae.levels
        own = as_tensor(coded.codes[level][: length // hop]).to(model.device)
        codes[level] = own
        guess = decoded(model.vqvae, codes, level)
        heard.kept[level].append(song_kept(model.vqvae, sound, guess, own))
        heard.through[level].append(embed(guess.numpy(), model.sample_rate))
    heard.clips.append(embed(sound.numpy(), model.sample_rate))
    heard.coded.append(coded)
    heard.notes += coded.notes
    return sound


def _codec(model: Jukebox, heard: _Heard) -> tuple[CodecFigures, ...]:
    return tuple(
        codec_figures(model.vqvae, level, kept, heard.others)
        for level, kept in enumerate(heard.kept)
    )


def _own_codes(song: CodedSong, model: Jukebox) -> np.ndarray:
    """Top-level codes (tokens,) of the song itself, without the silence behind it."""
    return song.codes[-1][: song.n_codes(-1, model.hop_lengths[-1])]


def _priors(model: Jukebox, songs: Sequence[CodedSong], progress: bool) -> tuple[PriorFigures, ...]:
    """Every prior, the top one first; index = level."""
    silence = model.encode(np.zeros(16 * model.hop_lengths[-1], np.float32))
    figures: dict[int, PriorFigures] = {}
    for level in reversed(range(model.levels)):
        quiet = None
        if level + 1 < model.levels:
            row = silence[level + 1][0]
            quiet = row[len(row) // 2]  # far from both ends
        with _progress(len(songs), f"prior of level {level}", progress) as counter:
            figures[level] = measure_prior(
                model.priors[level], songs, silence=quiet, step=counter.update
            )
    return tuple(figures[level] for level in range(model.levels))


def _times(
    model: Jukebox, songs: Sequence[CodedSong], progress: bool, seed: int
) -> TimingFigures | None:
    if not model.levels or not any(song.times is not None for song in songs):
        return None
    with _progress(len(songs), "times of words", progress) as counter:
        return measure_times(model.priors[-1], songs, step=counter.update, seed=seed)


def _probe(
    model: Jukebox,
    songs: Sequence[CodedSong],
    training: Sequence[PhoneCodes] | None,
    progress: bool,
    seed: int,
) -> ProbeFigures | None:
    own = [
        PhoneCodes(_own_codes(song, model), song.phones[: song.n_codes(-1, model.hop_lengths[-1])])
        for song in songs
        if song.phones is not None and song.phones.any()
    ]
    if not own or not (training or len(own) > 1):
        return None
    size = model.config.vqvae.codebook_size
    total = PROBE_STEPS * (1 if training else 2)
    shown = "auto" if progress else False
    with Progress(total, label="phone probe", unit="steps", enabled=shown) as counter:
        options = {"steps": PROBE_STEPS, "seed": seed, "step": counter.update}
        if training:
            return probe_phones(training, own, size, **options)  # type: ignore[arg-type]
        return probe_across(own, size, **options)  # type: ignore[arg-type]


def _check_singing(judges: Judges | None, sing: int) -> None:
    if isinstance(sing, bool) or not isinstance(sing, int) or sing < 0:
        raise ConfigError(must("sing", sing, "a number of songs from 0"))
    if sing and judges is None:
        advice = "Read them: judges=load_judges()."
        raise ConfigError(must("judges", judges, "given where songs are sung", advice))


def _generated_takes(generated: Sequence[Song], sample_rate: int) -> list[Take]:
    """Every sample of every generated song."""
    takes = []
    for number, song in enumerate(generated):
        if song.sample_rate != sample_rate:
            allowed = f"{sample_rate}, the model's"
            raise ConfigError(must("sample_rate of a generated song", song.sample_rate, allowed))
        for i in range(song.n_samples):
            asked = f"request {number}"
            if song.labels is not None:
                told = song.labels
                asked = "\n".join((told.artist[i], told.genre[i], told.lyrics[i]))
            clips = embed(song.audio(song.finest, i), sample_rate)
            takes.append(Take(asked, clips, song.codes[-1][i].numpy()))
    return takes


def _seams(generated: Sequence[Song], levels: int, seed: int) -> tuple[SeamFigures, ...]:
    found = [measure_seams(generated, level, seed=seed) for level in range(levels)]
    return tuple(figures for figures in found if figures is not None)


def _memorisation(
    model: Jukebox,
    real: Sequence[Take],
    takes: Sequence[Take],
    training_codes: Iterable[np.ndarray] | None,
    progress: bool,
) -> MemorisationFigures | None:
    if training_codes is None:
        return None
    training = TrainingCodes(training_codes)
    if not training.n_codes:
        return None
    written = [take.codes for take in takes if len(take.codes)]
    with _progress(len(real) + len(written), "memorisation", progress) as counter:
        return measure_memorisation(
            training,
            [take.codes for take in real],
            written,
            model.hop_lengths[-1] / model.sample_rate,
            step=counter.update,
        )
