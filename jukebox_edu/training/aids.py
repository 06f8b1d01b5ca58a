"""Training aids of the bundled model; all of them vanish when the model is used.

What
    The original learned to sing from a million songs. Ours has minutes, but it has a teacher: the
    songbook knows which phone sounds when. That knowledge enters in three places:

    * `PhoneHead` on the top level's vectors: codes must keep what is being said;
    * `guidance_loss`: lyric attention must look at the word that is being sung;
    * `PhoneHead` on what lyric attention returns: it must be read, not only looked at.

    `LogMelLoss` compares sounds the way ears do, on a logarithmic scale.
Conventions
    A lyric state i has seen characters 0 .. i-1, so the state to look at while character c is
    sung is c + 1, or one that has seen some of what follows: c + `ahead` (`LyricConfig.ahead`).
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

MEL_SIZES = ((512, 128, 40), (1024, 256, 80), (2048, 512, 80))  # n_fft, hop (samples), mel bands


class PhoneHead(nn.Module):
    """Two convolutions that guess the phone at every frame.

    (batch, width, n) to (batch, phones, n).

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def __init__(self, width: int, n_phones: int, *, kernel: int = 5) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(width, 128, kernel, padding=kernel // 2),
            nn.ReLU(),
            nn.Conv1d(128, n_phones, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits over phones."""
        return self.layers(x)

    def loss(self, x: Tensor, phones: Tensor) -> Tensor:
        """Cross-entropy in nats of phones (batch, n)."""
        return functional.cross_entropy(self(x), phones)


class LogMelLoss(nn.Module):
    """Mean absolute difference of log-mel spectrograms at several resolutions.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        import librosa

        for i, (n_fft, _, bands) in enumerate(MEL_SIZES):
            mel = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=bands)
            self.register_buffer(f"mel_{i}", torch.from_numpy(mel), persistent=False)
            self.register_buffer(f"window_{i}", torch.hann_window(n_fft), persistent=False)

    def forward(self, audio: Tensor, guess: Tensor) -> Tensor:
        """Difference of (batch, samples) signals, in natural-log units, mean over resolutions."""
        parts = []
        for i in range(len(MEL_SIZES)):
            parts.append(functional.l1_loss(self._log_mel(guess, i), self._log_mel(audio, i)))
        return torch.stack(parts).mean()

    def _log_mel(self, audio: Tensor, i: int) -> Tensor:
        n_fft, hop, _ = MEL_SIZES[i]
        window = getattr(self, f"window_{i}")
        spectrum = torch.stft(audio, n_fft, hop, window=window, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        return (getattr(self, f"mel_{i}") @ power + 1e-4).log() * 0.5


def word_spans(lyrics: str) -> np.ndarray:
    """For each character the half-open span (n_chars, 2) of the word that it belongs to.

    Characters between words belong to a span of their own of length one.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    spans = np.stack([np.arange(len(lyrics)), np.arange(len(lyrics)) + 1], axis=1)
    start = 0
    for i in range(len(lyrics) + 1):
        if i == len(lyrics) or lyrics[i].isspace():
            spans[start:i] = (start, i)
            start = i + 1
    return spans


def spoken_for(indices: np.ndarray, ahead: int) -> np.ndarray:
    """Which character each lyric state stands for: the token's `ahead` places before it.

    Parameters
    ----------
    indices
        (n_tokens,) which character of the song each lyric token is, -1 for padding.
    ahead
        1 in Jukebox, where a state has seen only the characters before its own.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    return np.concatenate([np.full(ahead, -1), indices])[: len(indices)]


def guidance_targets(
    characters: np.ndarray, lyrics: str, indices: np.ndarray, ahead: int = 1
) -> np.ndarray:
    """Boolean (frames, n_tokens): lyric states that belong to the word sung at each frame.

    Parameters
    ----------
    characters
        (frames,) index into `lyrics`, -1 for none.
    lyrics
        Cleaned lyrics of the song.
    indices
        (n_tokens,) which character each lyric token is, -1 for padding.
    ahead
        How far behind its character a state is, see `spoken_for`.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    spans = word_spans(lyrics)
    sung = characters >= 0
    first, stop = spans[np.where(sung, characters, 0)].T  # (frames,) each
    seen = spoken_for(indices, ahead)  # (n_tokens,)
    inside = (seen[None] >= first[:, None]) & (seen[None] < stop[:, None])
    return inside & sung[:, None]  # (frames, n_tokens)


def letter_phones(characters: np.ndarray, phones: np.ndarray, spoken: np.ndarray) -> np.ndarray:
    """The phone (n_tokens,) of the character that each lyric state stands for, -1 if not sung here.

    Parameters
    ----------
    characters, phones
        (frames,) what is sung in a window: index into the lyrics (-1: none), and phone.
    spoken
        (n_tokens,) from `spoken_for`.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    said = dict(zip(characters[::-1].tolist(), phones[::-1].tolist(), strict=True))  # first frame
    said[-1] = -1
    return np.array([said.get(character, -1) for character in spoken.tolist()])


def guidance_loss(weights: Tensor, targets: Tensor) -> Tensor:
    """Mean -log of the attention mass on the word being sung, in nats.

    Parameters
    ----------
    weights
        (batch, heads, frames, n_tokens), rows sum to one.
    targets
        (batch, frames, n_tokens) boolean; frames without any target do not count.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    mass = (weights.float() * targets[:, None]).sum(-1)  # (batch, heads, frames)
    counted = targets.any(-1)  # (batch, frames)
    losses = -(mass + 1e-6).log().mean(1)
    return (losses * counted).sum() / counted.sum().clamp(min=1)


def hidden_spans(
    shape: tuple[int, int], mean_rate: float, span: int, generator: torch.Generator
) -> Tensor:
    """Random spans of codes to withhold, (batch, n) boolean; the rate varies from clip to clip.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    batch, n = shape
    rate = torch.rand(batch, 1, generator=generator) * 2 * mean_rate
    starts = torch.rand(batch, n, generator=generator) < rate / span  # where spans begin
    reach = functional.max_pool1d(
        functional.pad(starts.float()[:, None], (span - 1, 0)), span, stride=1
    )
    return reach[:, 0] > 0  # (batch, n)
