"""Extra losses: what a model should learn besides its own loss. They plug into both loops.

What
    An `ExtraLoss` is a module with a name and a weight. It looks at what one step computed and
    returns a number to make small, or None where this batch has nothing to teach it (no phones, no
    times). Its parameters train along, are kept in the state of the run, and are no part of the
    model. Ours are

        LogMel             sounds should be alike on a logarithmic scale          VQ-VAE
        PhonesInCodes      a level's vectors should tell which phone is sung      VQ-VAE
        AttentionGuidance  lyric attention should look at the word being sung     priors
        PhonesRead         what lyric attention returns should tell the phone     priors
        PhonesSpelled      lyric states should tell how their letter is said      priors

    A loss of your own is a subclass with a `forward`; give it to the loop as `losses=[...]`.
Shapes
    Phones are (batch, frames) indices, `UNKNOWN` where nobody knows.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.songbook import PHONES
from jukebox_edu.training.aids import LogMelLoss, PhoneHead, guidance_loss
from jukebox_edu.training.codeset import UNKNOWN, Batch
from jukebox_edu.training.settings import require
from jukebox_edu.transformer.stack import StackOutput
from jukebox_edu.vqvae.result import VQVAELoss


@dataclass(frozen=True)
class ClipPass:
    """What one step of the VQ-VAE computed."""

    audio: Tensor  # (batch, samples)
    phones: Tensor  # (batch, top-level codes) long, UNKNOWN where nobody knows
    result: VQVAELoss


@dataclass(frozen=True)
class WindowPass:
    """What one step of a prior computed."""

    batch: Batch
    out: StackOutput  # `layers` holds those that extra losses asked for
    told: Tensor  # (batch,) boolean: who was given lyrics
    lyric_states: Tensor | None = None  # (batch, n_tokens, width), separate design


class ExtraLoss(nn.Module):
    """A loss that plugs into a training loop.

    Parameters
    ----------
    name
        In the log and in the state; a loop takes each name once.
    weight
        Factor on its value in the total.
    layers
        Layers of a prior whose attention it wants to see.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def __init__(self, name: str, weight: float, layers: Sequence[int] = ()) -> None:
        super().__init__()
        require(weight >= 0, f"weight of {name}", weight, "0 or more")
        self.name, self.weight, self.layers = name, weight, tuple(layers)

    def forward(self, seen: Any) -> Tensor | None:
        """The loss of a `ClipPass` or `WindowPass`, a scalar; None: nothing to learn here."""
        raise NotImplementedError


class LogMel(ExtraLoss):
    """Log-mel difference of every level's reconstruction; see `aids.LogMelLoss`.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    def __init__(self, weight: float, sample_rate: int) -> None:
        super().__init__("log_mel", weight)
        self.distance = LogMelLoss(sample_rate)

    def forward(self, seen: ClipPass) -> Tensor:
        """Sum over levels, in natural-log units."""
        levels = [self.distance(seen.audio, level.reconstruction) for level in seen.result.ran]
        return sum(levels[1:], levels[0])


class PhonesInCodes(ExtraLoss):
    """A head that reads phones from one level's quantized vectors.

    Parameters
    ----------
    weight, emb_width
        Factor on its value; channels of the vectors.
    level
        Which level, -1 for the top.
    factor
        Codes of this level per top-level code: phones are known for each of the latter.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def __init__(self, weight: float, emb_width: int, level: int = -1, factor: int = 1) -> None:
        super().__init__("phone", weight)
        self.level, self.factor = level, factor
        self.head = PhoneHead(emb_width, len(PHONES), kernel=4 * factor + 1)

    def forward(self, seen: ClipPass) -> Tensor | None:
        """Cross-entropy in nats; None where the level did not run or no phone is known."""
        vectors = seen.result.quantised[self.level]
        if vectors is None or not bool((seen.phones != UNKNOWN).any()):
            return None
        phones = seen.phones.repeat_interleave(self.factor, dim=1)  # (batch, codes)
        return functional.cross_entropy(self.head(vectors), phones, ignore_index=UNKNOWN)


class AttentionGuidance(ExtraLoss):
    """Asks one layer's lyric attention to look at the word being sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def __init__(self, weight: float, layer: int) -> None:
        super().__init__(f"guidance_{layer}", weight, (layer,))

    def forward(self, seen: WindowPass) -> Tensor | None:
        """Minus log of the mass on the word, in nats."""
        if seen.batch.sung is None:
            return None
        weights = seen.out.layers[self.layers[0]].weights
        return guidance_loss(weights, seen.batch.sung & seen.told[:, None, None])


class PhonesRead(ExtraLoss):
    """A head that reads phones from what one layer's lyric attention returns.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def __init__(self, weight: float, layer: int, width: int) -> None:
        super().__init__(f"phone_{layer}", weight, (layer,))
        self.head = PhoneHead(width, len(PHONES), kernel=1)

    def forward(self, seen: WindowPass) -> Tensor | None:
        """Cross-entropy in nats; songs that lost their lyrics do not count."""
        if seen.batch.phones is None:
            return None
        n = seen.batch.phones.shape[1]
        attended = seen.out.layers[self.layers[0]].attended[:, -n:].float()
        logits = self.head(attended.transpose(1, 2))  # (batch, phones, n)
        phones = seen.batch.phones.masked_fill(~seen.told[:, None], UNKNOWN)
        each = functional.cross_entropy(logits, phones, ignore_index=UNKNOWN, reduction="none")
        return each.sum() / (phones != UNKNOWN).sum().clamp(min=1)


class PhonesSpelled(ExtraLoss):
    """A head that reads from each lyric state how its letter is said.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def __init__(self, weight: float, width: int) -> None:
        super().__init__("spelled", weight)
        self.head = PhoneHead(width, len(PHONES), kernel=1)

    def forward(self, seen: WindowPass) -> Tensor | None:
        """Cross-entropy in nats over the letters sung in the window."""
        if seen.batch.letters is None or seen.lyric_states is None:
            return None
        logits = self.head(seen.lyric_states.transpose(1, 2))  # (batch, phones, n_tokens)
        letters = seen.batch.letters.masked_fill(~seen.told[:, None], UNKNOWN)
        each = functional.cross_entropy(logits, letters, ignore_index=UNKNOWN, reduction="none")
        return each.sum() / (letters != UNKNOWN).sum().clamp(min=1)


def by_name(losses: Iterable[ExtraLoss]) -> dict[str, ExtraLoss]:
    """Losses by name, each name once.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    found: dict[str, ExtraLoss] = {}
    for loss in losses:
        allowed = "a name that no other loss of the run has"
        require(loss.name not in (*found, "model"), "name of an extra loss", loss.name, allowed)
        found[loss.name] = loss
    return found


@dataclass(frozen=True)
class Sum:
    """A total to minimize and its parts."""

    total: Tensor  # scalar
    values: Mapping[str, Tensor]  # by name, without their weights


def with_extras(own: Tensor, seen: Any, losses: Mapping[str, ExtraLoss]) -> Sum:
    """Add extra losses to the model's own.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    total, values = own, {}
    for name, loss in losses.items():
        value = loss(seen)
        if value is not None:
            total = total + loss.weight * value
            values[name] = value.detach()
    return Sum(total, values)
