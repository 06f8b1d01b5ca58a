"""The listener: a small network that hears phones, and so teaches a codec to keep them.

What
    A codec that is trained on samples and spectrograms spends its codes on what is loud: the
    fundamental, the band. Consonants are soft and go first. The listener is trained on songs as
    they are, then frozen; `Heard` asks of each level's *reconstruction* that the listener still
    hears the phones that were sung. Like every aid it is no part of the model.

    It is not one of the judges that measure how clearly a model sings: another network, another
    spectrogram, other songs.
Shapes
    sound (batch, samples) to logits (batch, phones, frames), one frame per top-level code.
Paper: none; [Jukebox §3] has only losses on samples and spectrograms
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.nn.residual import ResidualStack
from jukebox_edu.progress import Progress
from jukebox_edu.songbook import PHONES
from jukebox_edu.training.clips import ClipShape, check_songs, random_clips
from jukebox_edu.training.codeset import UNKNOWN
from jukebox_edu.training.extras import ClipPass, ExtraLoss
from jukebox_edu.training.state import seeded
from jukebox_edu.training.store import StoredSong

_BANDS, _N_FFT = 40, 512  # mel bands, samples per transform
_FLOOR = 1e-4  # power below which a band is silent


class Listener(nn.Module):
    """Hears phones: two spectra per frame, then dilated convolutions.

    Parameters
    ----------
    sample_rate, hop_length
        Of the codec: samples per second, samples per top-level code (even).
    width
        Channels.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    mel: Tensor
    window: Tensor

    def __init__(self, sample_rate: int, hop_length: int, width: int = 96) -> None:
        super().__init__()
        import librosa

        mel = librosa.filters.mel(sr=sample_rate, n_fft=_N_FFT, n_mels=_BANDS)
        self.register_buffer("mel", torch.from_numpy(mel), persistent=False)
        self.register_buffer("window", torch.hann_window(_N_FFT), persistent=False)
        self.hop_length = hop_length
        self.join = nn.Conv1d(_BANDS, width, 4, stride=2, padding=1)
        self.look = ResidualStack(width, 4, dilation_growth=2)
        self.tell = nn.Conv1d(width, len(PHONES), 1)

    def spectra(self, audio: Tensor) -> Tensor:
        """Log-mel spectra (batch, bands, 2 * frames), in natural-log units of amplitude."""
        spectrum = torch.stft(
            audio.float(), _N_FFT, self.hop_length // 2, window=self.window, return_complex=True
        )
        power = spectrum.real.square() + spectrum.imag.square()
        bands = self.mel @ power[..., : -1 if audio.shape[-1] % self.hop_length == 0 else None]
        return (bands + _FLOOR).log() * 0.5

    def forward(self, audio: Tensor) -> Tensor:
        """Logits over phones."""
        return self.hear(self.spectra(audio))

    def hear(self, spectra: Tensor) -> Tensor:
        """Logits (batch, phones, frames) from spectra (batch, bands, 2 * frames)."""
        return self.tell(self.look(self.join(spectra)).relu())


class Heard(ExtraLoss):
    """Reconstructions should let the (frozen) listener hear what was sung.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    def __init__(self, weight: float, listener: Listener) -> None:
        super().__init__("heard", weight)
        self._listener = (listener.eval().requires_grad_(False),)  # a tuple: not trained, not kept

    def forward(self, seen: ClipPass) -> Tensor | None:
        """Cross-entropy in nats, summed over levels; None where no phone is known."""
        if not bool((seen.phones != UNKNOWN).any()):
            return None
        listener = self._listener[0].to(seen.audio.device)
        parts = []
        for level in seen.result.ran:
            logits = listener(level.reconstruction)
            parts.append(functional.cross_entropy(logits, seen.phones, ignore_index=UNKNOWN))
        return sum(parts[1:], parts[0])


@dataclass(frozen=True)
class ListenerTraining:
    """How a listener is trained.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    steps: int = 1200  # optimizer steps
    batch: int = 12  # clips per step
    clip: int = 16384  # samples per clip
    learning_rate: float = 2e-3  # peak
    warmup: int = 50  # steps
    noise: float = 0.3  # spread of what is added to the spectra, natural-log units
    seed: int = 0  # of everything that is drawn at random


def train_listener(
    songs: Sequence[StoredSong],
    sample_rate: int,
    hop_length: int,
    training: ListenerTraining = ListenerTraining(),  # noqa: B008 - frozen
    *,
    progress: bool | str = "auto",
) -> Listener:
    """Train a listener on songs whose phones are known; the same seed gives the same one.

    Spectra are made noisy, louder or softer and tilted, so that it does not depend on details.

    Raises
    ------
    ConfigError
        If there are no songs, or of one the phones are not known.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    check_songs(songs, sample_rate)
    for song in songs:
        if song.hop_length != hop_length or song.phones() is None:
            allowed = f"one with known phones, every {hop_length} samples"
            raise ConfigError(must("song", song.name, allowed, "Prepare songs of the songbook."))
    shape = ClipShape(training.clip, hop_length)
    random = np.random.default_rng([training.seed, 83])
    with seeded(training.seed):
        listener = Listener(sample_rate, hop_length)
    generator = torch.Generator().manual_seed(training.seed)
    optimizer = torch.optim.AdamW(listener.parameters(), training.learning_rate, weight_decay=0.01)
    with Progress(training.steps, label="listener", unit="steps", enabled=progress) as shown:
        for step in range(training.steps):
            clips = random_clips(songs, shape, training.batch, random)
            spectra = _harder(listener.spectra(clips.audio), training.noise, generator)
            logits = listener.hear(spectra)
            loss = functional.cross_entropy(logits, clips.phones, ignore_index=UNKNOWN)
            rise = min(1.0, (step + 1) / training.warmup)
            fall = 0.5 + 0.5 * math.cos(math.pi * step / training.steps)
            for group in optimizer.param_groups:
                group["lr"] = training.learning_rate * rise * fall
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            shown.update(1)
    return listener.eval().requires_grad_(False)


def _harder(spectra: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    """Spectra (batch, bands, frames) with noise, another loudness and another tilt."""
    batch, bands, _ = spectra.shape
    tilt = torch.linspace(-1, 1, bands)[None, :, None]

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    level = drawn(batch, 1, 1) * noise + tilt * drawn(batch, 1, 1) * noise
    return spectra + level + drawn(*spectra.shape) * noise
