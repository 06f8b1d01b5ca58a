"""Songs and a codec small enough to be prepared in a moment; also a program that prepares them.

`python small_songs.py FOLDER OUT` prepares a folder and writes to OUT, song after song, slowly
enough to be interrupted: it waits for a line on its standard input before each song.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import soundfile
import torch

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.training.record import SongRecord
from jukebox_edu.vqvae.model import VQVAE

RATE = 8000  # samples per second of the codec

CODEC = VQVAEConfig(
    sample_rate=RATE, downs=(1, 1), strides=(16, 4), emb_width=4, codebook_size=32, width=4,
    depth=1, multipliers=(1, 1),
)  # fmt: skip


def noise(seconds=1.5, channels=1, seed=0, rate=RATE):
    """Sound (samples, channels), another one for each seed."""
    random = np.random.default_rng(seed)
    return random.uniform(-0.5, 0.5, (int(seconds * rate), channels)).astype(np.float32)


def write_wav(path: Path, sound=None, rate=RATE, subtype="PCM_16", **options):
    """Write a wav file; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = noise(**options) if sound is None else sound
    soundfile.write(path, sound, rate, subtype=subtype, format="WAV")
    return path


def small_vqvae(seed=0):
    """A codec whose codes depend on the sound."""
    torch.manual_seed(seed)
    vqvae = VQVAE(CODEC).eval()
    for level, codebook in enumerate(vqvae.bottleneck.codebooks):
        with torch.no_grad():
            heard = vqvae.encoders[level](torch.from_numpy(noise(4.0).T)[None])
        # codebook vectors are what the encoder says of some noise: all are used
        step = heard.shape[2] // CODEC.codebook_size
        codebook.vectors.copy_(heard[0, :, :: max(step, 1)].T[: CODEC.codebook_size])
    return vqvae


class Tones:
    """A source without files: noise of given names; some songs cannot be had."""

    def __init__(self, names, **options):
        self.names, self.options = names, options

    def records(self):
        return tuple(SongRecord(name, seconds=1.5) for name in self.names)

    def audio(self, record, sample_rate):
        if "raise" in record.name:
            raise ValueError("this song is broken")
        if "stop" in record.name:
            raise KeyboardInterrupt
        if "crash" in record.name:
            os._exit(3)
        return noise(seed=sum(map(ord, record.name)), rate=sample_rate, **self.options).T

    def marks(self, record, frame_seconds, n_frames):
        return None


def digests(folder: Path) -> dict[str, str]:
    """All files of a folder with the digest of their content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def main(folder: str, out: str) -> None:
    """Prepare a folder; before each piece of sound, tell the parent and wait for it."""
    from jukebox_edu.training.folder import FolderSource
    from jukebox_edu.training.prepare import prepare

    class Waiting(FolderSource):
        def blocks(self, record, sample_rate):
            for block in super().blocks(record, sample_rate):
                yield block
                print(record.name, flush=True)
                sys.stdin.readline()

    torch.set_num_threads(1)
    prepare(Waiting(folder), out, model=small_vqvae(), variants=2, progress=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
