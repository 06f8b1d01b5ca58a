"""A song in a folder: written whole, read with every doubt.

What
    song.json            labels, plan, seed, provenance, shapes
    codes_<level>.npy    (batch, tokens) integers
    level_<n>.flac       sound of sample 0; level_<n>_sample_<i>.flac of the others
    alignment.npz        when each character is sung, if the model reads lyrics
    index.html           sample 0 as a page

    A finished run folder is such a folder without sound and page; `save` adds them.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from jukebox_edu import audio
from jukebox_edu.config import from_json_dict, to_json_dict
from jukebox_edu.errors import JukeboxError, RunError
from jukebox_edu.labels import SongLabels
from jukebox_edu.sampling.lock import FolderLock
from jukebox_edu.sampling.plan import Plan
from jukebox_edu.sampling.run_folder import FORMAT, FORMAT_VERSION, checked_folder, read_record
from jukebox_edu.sampling.storing import read_codes, reported, write_codes, write_json
from jukebox_edu.song.provenance import Provenance
from jukebox_edu.song.showing import alignment_of, page_data, tags
from jukebox_edu.song.sound import sound_name

if TYPE_CHECKING:
    from jukebox_edu.song.song import Song

OURS = ("codes_*.npy", "level_*.flac", "alignment.npz", "index.html", "prompt_*.npy")


def record_of(
    *,
    sample_rate: int,
    hop_lengths: Sequence[int],
    codebook_size: int,
    tokens: Sequence[int],
    seed: int,
    rows: Sequence[int],
    labels: SongLabels | None,
    plan: Plan | None,
    provenance: Provenance,
) -> dict[str, Any]:
    """What `song.json` says of a song, in plain JSON types.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    return {
        "seed": seed,
        "rows": list(rows),
        "sample_rate": sample_rate,
        "hop_lengths": list(hop_lengths),
        "codebook_size": codebook_size,
        "tokens": list(tokens),
        "provenance": to_json_dict(provenance),
        "plan": None if plan is None else plan.to_json(),
        "labels": None if labels is None else labels.to_json(),
    }


def whole_record(song: Song) -> dict[str, Any]:
    """What `song.json` says of a whole song, but for its sound files.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    head = {"format": FORMAT, "format_version": FORMAT_VERSION, "status": "whole"}
    return head | record_of(
        sample_rate=song.sample_rate,
        hop_lengths=song.hop_lengths,
        codebook_size=song.codebook_size,
        tokens=[codes.shape[1] for codes in song.codes],
        seed=song.seed,
        rows=song.rows,
        labels=song.labels,
        plan=song.plan,
        provenance=song.provenance,
    )


def save(song: Song, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a song; see `Song.save`.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    path = checked_folder(folder, "folder")
    with FolderLock(path):
        old = _old_record(song, path, overwrite)
        for level in song.levels:
            write_codes(path / f"codes_{level}.npy", song.codes[level].numpy())
        clipped = [_save_sounds(song, path, level) for level in song.levels]
        found = alignment_of(song)
        if found is not None:
            with reported(path / "alignment.npz"):
                found.save(path / "alignment.npz")
        _write_page(song, path)
        write_json(path / "song.json", {**old, **whole_record(song), "clipped": clipped})
    return path


def _old_record(song: Song, path: Path, overwrite: bool) -> dict[str, Any]:
    """What to keep of the song.json that is there; refuses to write over another song."""
    if not (path / "song.json").exists():
        return {}
    try:
        record = read_record(path)
        there = load(path, None).codes
        same = all(
            a.shape == b.shape and bool((a == b).all())
            for a, b in zip(there, song.codes, strict=True)
        )
        if same:
            return {key: record[key] for key in ("request", "prompt") if key in record}
    except (JukeboxError, ValueError):
        pass  # unfinished or damaged: not this song either
    if not overwrite:
        raise RunError(
            f"{path} holds another song or an unfinished run. "
            "Choose another folder, or say overwrite=True."
        )
    with reported(path):
        (path / "song.json").unlink()  # first: from here on the folder holds no song
        for pattern in (*OURS, "tokens_*.log"):
            for stale in path.glob(pattern):
                stale.unlink()
    return {}


def _save_sounds(song: Song, path: Path, level: int) -> list[float]:
    """Write the sound of one level of every sample; returns the clipped shares."""
    for sample in range(song.n_samples):
        sound = song.audio(level, sample)
        tagged = tags(song, sample)
        audio.save(path / sound_name(level, sample), sound, song.sample_rate, tags=tagged)
    return [song.clipped_share(level, sample) for sample in range(song.n_samples)]


def _write_page(song: Song, path: Path) -> None:
    from jukebox_edu.page import write_page

    write_page(path / "index.html", page_data(song))


def load(folder: str | os.PathLike[str], model: Any = None) -> Song:
    """Read a song; see `Song.load`.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.song.song import Song

    path = Path(folder)
    if not (path / "song.json").is_file():
        raise RunError(f"There is no song in {path}: no song.json. Was it saved there?")
    record = read_record(path)
    if record["status"] != "whole":
        raise RunError(f"The run in {path} is unfinished. Repeat its call with out= to go on.")
    try:
        song = _from_record(Song, path, record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, RunError):
            raise
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise RunError(f"{path / 'song.json'} is damaged: {what}.") from None
    if model is None:
        return song
    _check_model(song, model)
    object.__setattr__(song, "model", model)
    return song


def _from_record(kind: type[Song], path: Path, record: dict[str, Any]) -> Song:
    """Build a song from its JSON record and the arrays beside it."""
    rows = tuple(int(row) for row in record["rows"])
    size = int(record["codebook_size"])
    codes = []
    for level, tokens in enumerate(record["tokens"]):
        shape = {"batch": len(rows), "tokens": int(tokens)}
        name = path / f"codes_{level}.npy"
        found = read_codes(name, **shape, codebook_size=size) if tokens else None
        codes.append(
            torch.from_numpy(found if found is not None else np.zeros((len(rows), 0), int))
        )
    song = kind(
        codes=codes,
        sample_rate=int(record["sample_rate"]),
        hop_lengths=tuple(int(hop) for hop in record["hop_lengths"]),
        codebook_size=size,
        seed=int(record["seed"]),
        labels=record["labels"] and SongLabels.from_json(record["labels"]),
        plan=record["plan"] and Plan.from_json(record["plan"]),
        rows=rows,
        provenance=from_json_dict(Provenance, record["provenance"]),
        folder=path,
    )
    for level, shares in zip(song.levels, record.get("clipped", []), strict=False):
        for sample, share in enumerate(shares):
            song._heard["clipped", level, sample] = float(share)
    return song


def _check_model(song: Song, model: Any) -> None:
    """A model whose codec differs would turn the codes into noise."""
    ours = (song.sample_rate, song.hop_lengths, song.codebook_size)
    theirs = (model.sample_rate, tuple(model.hop_lengths), model.config.vqvae.codebook_size)
    if ours != theirs:
        raise RunError(
            f"The song of {song.provenance.model} does not fit the model {model.config.name}: "
            f"(sample_rate, hop_lengths, codebook_size) is {ours} and {theirs}."
        )
