"""Write the folder of one song, step by step, so that an interruption leaves nothing half-done.

What
    sound -> audio.pcm -> codes.npy -> words and marks -> song.json -> the folder gets its name

    What is there already and has not changed is kept: new words cost no new encoding, a new
    variant no new resampling. Encoding reads the 16-bit sound back from disk in the pieces in
    which `VQVAE.encode` would cut it, with as many neighbors as a code depends on; so the codes
    are those of the whole song, and memory holds one piece, however long the song is.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from jukebox_edu import units
from jukebox_edu.errors import AudioError, CheckpointError
from jukebox_edu.sampling.storing import reported, write_json, write_whole
from jukebox_edu.training.record import SongRecord
from jukebox_edu.training.source import Source, song_blocks, song_marks, sound_fingerprint
from jukebox_edu.training.store import read_json_object, read_song
from jukebox_edu.training.store_plan import Plan, variant_of
from jukebox_edu.training.stored_song import FULL_SCALE, StoredSong, Variant
from jukebox_edu.vqvae.model import ENCODE_SECONDS, VQVAE

FORMAT = "jukebox_edu stored song"
FORMAT_VERSION = 1
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")


def folder_name(name: str) -> str:
    """A name for the folder of a song that every file system takes.

    Lesson: notebooks/12_teach_it_your_music.ipynb

    >>> folder_name("Été/01 song.mp3")
    't-01-song.mp3-05bbb77d17'
    """
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{_UNUSUAL.sub('-', name).strip('.-')[-40:].strip('.-') or 'song'}-{digest}"


@dataclass(frozen=True)
class SongWriter:
    """Brings the folders of songs up to date.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    songs: Path  # folder of all songs
    plan: Plan
    source: Source | None  # None: only what is stored is encoded
    vqvae: VQVAE | None = None  # None: no codes
    advance: Callable[[float], None] = field(default=lambda seconds: None)  # told what is encoded

    def is_current(self, record: SongRecord) -> bool:
        """Whether there is nothing left to do for a song."""
        state = self._state(record.name)
        return state is not None and self._sound_kept(state, record) and not self._todo(
            state, record
        )  # fmt: skip

    def _state(self, name: str) -> dict[str, Any] | None:
        """What `song.json` says; None if the song is absent or damaged."""
        folder = self.songs / folder_name(name)
        try:
            state = read_json_object(folder / "song.json")
            settings = self.plan.settings()
            settings["hop_lengths"] = state.get("hop_lengths", ())
            read_song(folder, settings)
        except CheckpointError:
            return None
        return state if state.get("format_version") == FORMAT_VERSION else None

    def _sound_kept(self, state: dict[str, Any], record: SongRecord) -> bool:
        """Whether the stored sound is that of the source."""
        if self.source is None:
            return True
        return state["sound"] == sound_fingerprint(self.source, record)

    def _padded(self, length: int) -> int:
        """Samples that marks and codes cover."""
        return units.padded_length(max(length, self.plan.window), self.plan.hop_length)

    def _todo(self, state: dict[str, Any], record: SongRecord) -> bool:
        """Whether words or codes are missing."""
        wanted = self.plan.variants if self.plan.hop_lengths else 0
        return (
            state["words"] != record.words_digest
            or len(state["variants"]) < wanted
            or state["padded"] < self._padded(state["length"])
        )

    def write(self, record: SongRecord) -> None:
        """Do what is left to do for a song.

        Raises
        ------
        JukeboxError
            If its sound cannot be read, or the disk cannot be written.

        Lesson: notebooks/12_teach_it_your_music.ipynb
        """
        state = self._state(record.name)
        folder = self.songs / folder_name(record.name)
        if state is not None and self._sound_kept(state, record):
            if state["padded"] < self._padded(state["length"]):
                state |= {"padded": self._padded(state["length"]), "variants": []}
                self._stretch_marks(folder, state["padded"] // self.plan.hop_length)
                write_json(folder / "song.json", state)
            if state["words"] != record.words_digest:
                self._write_words(folder, record, state["padded"])
                state |= self._words_state(record)
                write_json(folder / "song.json", state)
            self._add_codes(folder, state)
            return
        partial = self.songs / f".part-{folder.name}-{secrets.token_hex(3)}"
        try:
            with reported(partial, "made"):
                partial.mkdir()
            self._write_new(partial, record)
            _give_name(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _write_new(self, folder: Path, record: SongRecord) -> None:
        """Write everything about a song into an empty folder."""
        assert self.source is not None
        sound = sound_fingerprint(self.source, record)
        length, channels = self._write_sound(folder / "audio.pcm", record)
        padded = self._padded(length)
        self._write_words(folder, record, padded)
        state = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "name": record.name,
            "length": length,
            "channels": channels,
            "padded": padded,
            "sound": sound,
            "hop_lengths": [],
            "variants": [],
            **self._words_state(record),
        }
        write_json(folder / "song.json", state)
        self._add_codes(folder, state)

    def _words_state(self, record: SongRecord) -> dict[str, Any]:
        return {
            "artist": record.artist,
            "genre": record.genre,
            "lyrics": record.lyrics,
            "words": record.words_digest,
        }

    def _write_sound(self, path: Path, record: SongRecord) -> tuple[int, int]:
        """Store the sound as 16-bit numbers; returns samples and channels."""
        assert self.source is not None
        length = channels = 0
        with reported(path), open(path, "wb") as file:
            for block in song_blocks(self.source, record, self.plan.sample_rate):
                if channels not in (0, len(block)) or block.ndim != 2 or len(block) > 2:
                    raise AudioError(f"{record.name}: blocks must be (1 or 2 channels, samples).")
                if not np.isfinite(block).all():
                    raise AudioError(f"{record.name} holds NaN or infinite samples.")
                channels, length = len(block), length + block.shape[1]
                pcm = np.rint(block.T * np.float32(FULL_SCALE)).clip(-FULL_SCALE, FULL_SCALE - 1)
                pcm.astype("<i2").tofile(file)  # (samples, channels)
            file.flush()
            os.fsync(file.fileno())
        if length == 0:
            raise AudioError(f"{record.name} holds no sound.")
        return length, channels

    def _write_words(self, folder: Path, record: SongRecord, padded: int) -> None:
        """Write when characters are sung and what sounds in each frame."""
        arrays: dict[str, np.ndarray | None] = {"times": None}
        if record.times is not None:
            arrays["times"] = np.stack([record.times.starts, record.times.ends])
        if self.source is not None:
            n_frames = padded // self.plan.hop_length
            seconds = self.plan.hop_length / self.plan.sample_rate
            marks = song_marks(self.source, record, seconds, n_frames)
            arrays |= {"phones": marks.phones, "characters": marks.characters}
        for name, array in arrays.items():
            if array is None:
                (folder / f"{name}.npy").unlink(missing_ok=True)
            else:
                _save(folder / f"{name}.npy", array)

    def _stretch_marks(self, folder: Path, n_frames: int) -> None:
        """Add frames of silence for a longer training window."""
        for name, silence in (("phones", 0), ("characters", -1)):
            path = folder / f"{name}.npy"
            if path.exists():
                marks = np.load(path, allow_pickle=False)
                missing = max(0, n_frames - len(marks))
                _save(path, np.pad(marks, (0, missing), constant_values=silence))

    def _add_codes(self, folder: Path, state: dict[str, Any]) -> None:
        """Encode the variants that are missing."""
        plan, vqvae = self.plan, self.vqvae
        if vqvae is None or len(state["variants"]) >= plan.variants:
            return
        settings = {**plan.settings(), "hop_lengths": state["hop_lengths"]}
        song = read_song(folder, settings, mapped=False)
        parts = [np.asarray(song._codes)] if song.has_codes else []
        variants = list(song.variants)

        def heard(part: float) -> None:
            self.advance(part * song.seconds / plan.variants)

        for number in range(len(variants), plan.variants):
            variants.append(variant_of(song.name, number, plan.seed, plan.hop_length))
            parts += encode_stored(vqvae, song, variants[-1], heard)
        _save(folder / "codes.npy", np.concatenate(parts))
        state["hop_lengths"] = list(plan.hop_lengths)
        state["variants"] = [{"shift": v.shift, "mix": v.mix} for v in variants]
        write_json(folder / "song.json", state)


@torch.no_grad()
def encode_stored(
    vqvae: VQVAE,
    song: StoredSong,
    variant: Variant,
    advance: Callable[[float], None] = lambda part: None,
) -> list[np.ndarray]:
    """Codes (tokens,) of every level of a song on disk, as uint16 (int32 for huge codebooks).

    Equal to `vqvae.encode` of the whole padded song, in the memory of one piece. `advance` is told
    after every piece which part of the work, from 0 to 1, it was.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    dtype = np.uint16 if vqvae.config.codebook_size <= 65536 else np.int32
    device = next(vqvae.parameters()).device
    levels = []
    for level, hop in enumerate(vqvae.hop_lengths):
        n, reach = song.padded // hop, vqvae.encoders[level].reach
        block = max(1, int(ENCODE_SECONDS * vqvae.sample_rate) // hop)
        codes = np.empty(n, dtype)
        for start in range(0, n, block):
            end, left = min(start + block, n), max(0, start - reach)
            right = min(end + reach, n)
            sound = song.samples(variant.shift + left * hop, (right - left) * hop, variant.mix)
            audio = torch.from_numpy(sound).to(device)[None, None]  # (1, 1, samples)
            vectors = vqvae.encoders[level](audio)  # (1, emb_width, codes)
            found = vqvae.bottleneck.codebooks[level].encode(vectors)[0]
            codes[start:end] = found[start - left : end - left].cpu().numpy()
            advance((end - start) / n / vqvae.levels)
        levels.append(codes)
    return levels


def _save(path: Path, array: np.ndarray) -> None:
    write_whole(path, lambda file: np.save(file, array, allow_pickle=False))


def _give_name(partial: Path, folder: Path) -> None:
    """Put a whole folder in its place; an older one goes first."""
    old = folder.with_name(f".old-{folder.name}-{secrets.token_hex(3)}")
    with reported(folder):
        if folder.exists():
            os.replace(folder, old)
        os.replace(partial, folder)
    shutil.rmtree(old, ignore_errors=True)


def clear_leftovers(songs: Path) -> None:
    """Remove what an interrupted run has left.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    for path in songs.glob(".*-*"):
        if path.name.startswith((".part-", ".old-")):
            shutil.rmtree(path, ignore_errors=True)
    for path in songs.glob("*/.*.part"):
        path.unlink(missing_ok=True)
