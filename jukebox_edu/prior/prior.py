"""The prior: one Transformer over the codes of one level, with everything it is told.

What
    A prior learns p(code at position i | earlier codes, conditions). The conditions are

        artist, genre  -> the start vector              labels.py
        time           -> one vector per position       labels.py    (top level)
        upper codes    -> one vector per position       upper.py     (the levels below the top)
        lyrics         -> states to attend to           lyrics.py    (5b_lyrics), or characters in
                          front of the codes in one joint vocabulary (1b_lyrics)

    `logits` and `loss` look at a whole window (training); `start`, `prefill` and `next_logits`
    take it token by token (sampling).
Shapes
    codes (batch, window); upper codes (batch, window // factor); labels those of this window.
Paper: [Jukebox §4]
Lesson: notebooks/05_transformer_over_codes.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.config import PriorConfig
from jukebox_edu.errors import ConfigError, ShapeError, must
from jukebox_edu.labels import Labels
from jukebox_edu.prior.labels import LabelConditioner
from jukebox_edu.prior.lyrics import LyricConvolutions, LyricEncoder
from jukebox_edu.prior.shell import AutoregressiveShell, ShellState
from jukebox_edu.prior.upper import UpperConditioner
from jukebox_edu.transformer.patterns import Layout
from jukebox_edu.transformer.stack import LayerRecord, StackOutput


@dataclass(frozen=True)
class Conditions:
    """Everything that is fixed while one window is written."""

    start: Tensor | None = None  # (batch, 1, width); None: the learned start token
    per_position: Tensor | None = None  # (batch, sequence, width), added to every input
    lyric_states: Tensor | None = None  # (batch, n_tokens, width), separate design
    lyric_tokens: Tensor | None = None  # (batch, n_tokens), characters


@dataclass(frozen=True)
class PriorLoss:
    """Cross-entropies in bits per token, each a scalar tensor."""

    total: Tensor  # what training minimizes
    music: Tensor  # of the codes
    lyrics: Tensor  # of the characters (0 without lyrics)


@dataclass
class PriorState:
    """A window while it is being written; lives in the call that samples."""

    conditions: Conditions
    shell: ShellState
    pending: Tensor | None = None  # (batch, bins) logits of the next position, once known


class Prior(nn.Module):
    """Autoregressive model of the codes of one level.

    Parameters
    ----------
    config
        Its shape and what it is conditioned on.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """

    def __init__(self, config: PriorConfig) -> None:
        super().__init__()
        self.config = config
        stack, width, scale = (
            config.transformer,
            config.transformer.width,
            config.transformer.init_scale,
        )
        lyrics = config.lyrics
        n_tokens = lyrics.n_tokens if lyrics else 0
        self.first_code = lyrics.vocab_size if lyrics and config.single_sequence else 0
        layout = Layout(
            config.sequence_length,
            stack.blocks or 1,
            spread=stack.spread or 1,
            prime=n_tokens if config.single_sequence else 0,
            encoder=0 if config.single_sequence else n_tokens,
        )
        self.music = AutoregressiveShell(
            stack,
            layout,
            config.codebook_size + self.first_code,
            learned_start=config.labels is None,
            merged_decoder=config.merged_decoder,
        )
        self.label_conditioner = self.upper_conditioner = self.lyric_encoder = None
        if config.labels is not None:
            self.label_conditioner = LabelConditioner(
                config.labels, width, config.n_ctx, config.sample_rate, scale
            )
        if config.conditioner is not None:
            self.upper_conditioner = UpperConditioner(
                config.conditioner, config.codebook_size, width, scale
            )
        if lyrics is not None and lyrics.encoder is not None:
            kind = LyricConvolutions if lyrics.both_ways else LyricEncoder
            self.lyric_encoder = kind(lyrics, width, scale)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.music.position_embedding.device

    # ---- conditions ------------------------------------------------------------------------

    def condition(
        self, labels: Labels | Tensor | None = None, upper_codes: Tensor | None = None
    ) -> Conditions:
        """Turn labels and upper codes of one window into vectors.

        Parameters
        ----------
        labels
            Those of this window, or their packed vector (batch, 4 + genres + lyric tokens).
        upper_codes
            (batch, window // factor), always the whole window.

        Raises
        ------
        ConfigError, ShapeError
            If something that the prior needs is missing or has the wrong shape.
        """
        start = per_position = states = tokens = None
        known = self._labels(labels)
        if known is not None and self.label_conditioner is not None:
            start = self.label_conditioner.start(known)
            per_position = self.label_conditioner.timing(known)
        if self.upper_conditioner is not None:
            per_position = self.upper_conditioner(self._checked_upper(upper_codes))
        if known is not None and self.config.lyrics is not None:
            tokens = known.lyric_tokens
            if self.lyric_encoder is not None:
                states = self.lyric_encoder(tokens)
            elif per_position is not None:  # lyric positions have no time
                per_position = functional.pad(per_position, (0, 0, tokens.shape[1], 0))
        return Conditions(start, per_position, states, tokens)

    def _labels(self, labels: Labels | Tensor | None) -> Labels | None:
        """Check labels, unpack them if they are a packed vector."""
        if self.config.labels is None:
            return None
        if labels is None:
            advice = "Pass SongLabels.window(start, level), or its packed vector."
            raise ConfigError(must("labels", None, "labels of this window", advice))
        if isinstance(labels, Tensor):
            labels = Labels.from_vector(labels, self.config.labels.max_genres)
        labels = labels.to(self.device)
        lyrics = self.config.lyrics
        expected = lyrics.n_tokens if lyrics else 0
        given = labels.lyric_tokens.shape[-1]
        if given != expected:
            raise ShapeError(must("labels.lyric_tokens", given, f"{expected} tokens long"))
        return labels

    def _checked_upper(self, upper_codes: Tensor | None) -> Tensor:
        factor = self.config.conditioner.factor  # type: ignore[union-attr]
        expected = self.config.n_ctx // factor
        if upper_codes is None or upper_codes.ndim != 2 or upper_codes.shape[1] != expected:
            given = None if upper_codes is None else tuple(upper_codes.shape)
            allowed = f"(batch, {expected}) codes of the level above, the whole window"
            raise ShapeError(must("upper_codes", given, allowed))
        return self._checked_codes(upper_codes, "upper_codes")

    def _checked_codes(self, codes: Tensor, argument: str) -> Tensor:
        codes = codes.to(self.device)
        if codes.is_floating_point() or codes.ndim != 2:
            shape = (tuple(codes.shape), str(codes.dtype))
            raise ShapeError(must(argument, shape, "whole numbers of shape (batch, tokens)"))
        if (
            codes.numel()
            and not 0 <= int(codes.min()) <= int(codes.max()) < self.config.codebook_size
        ):
            given = (int(codes.min()), int(codes.max()))
            allowed = f"codes from 0 to {self.config.codebook_size - 1}"
            raise ShapeError(must(argument, given, allowed, "Do they come from another codec?"))
        return codes.long()

    # ---- whole windows ---------------------------------------------------------------------

    def to_tokens(self, codes: Tensor) -> Tensor:
        """Music codes as ids of the vocabulary that the Transformer uses."""
        return codes + self.first_code

    def to_codes(self, tokens: Tensor) -> Tensor:
        """Vocabulary ids as music codes; a lyric id (single sequence only) becomes code 0."""
        return (tokens - self.first_code).clamp(min=0)

    def forward(
        self,
        codes: Tensor,
        conditions: Conditions,
        *,
        hide: Tensor | None = None,
        record: Collection[int] = (),
        checkpoint: bool = False,
    ) -> StackOutput:
        """States (batch, sequence, width) after the stack for a whole window of codes.

        In the single-sequence design the sequence is lyrics, then codes. `hide` (batch, window)
        marks codes whose embedding is withheld; `record` names layers to look into, `checkpoint`
        saves memory in training (see `Transformer.forward`).
        """
        self._check_batch(conditions, codes.shape[0])
        tokens = self._sequence(codes, conditions)
        if hide is not None and tokens.shape[1] > hide.shape[1]:
            hide = functional.pad(hide, (tokens.shape[1] - hide.shape[1], 0))
        told = (conditions.start, conditions.per_position, conditions.lyric_states)
        return self.music(tokens, *told, hide=hide, record=record, checkpoint=checkpoint)

    def _check_batch(self, conditions: Conditions, batch: int) -> None:
        for name, value in (("labels", conditions.start), ("upper_codes", conditions.per_position)):
            if value is not None and value.shape[0] != batch:
                allowed = f"as large as that of the codes, {batch}"
                raise ShapeError(must(f"batch of {name}", value.shape[0], allowed))

    def _sequence(self, codes: Tensor, conditions: Conditions) -> Tensor:
        tokens = self.to_tokens(codes)
        if self.first_code:
            tokens = torch.cat([conditions.lyric_tokens, tokens], dim=1)  # type: ignore[list-item]
        return tokens

    def _window(self, codes: Tensor) -> Tensor:
        codes = self._checked_codes(codes, "codes")
        if codes.shape[1] != self.config.n_ctx:
            allowed = f"(batch, {self.config.n_ctx}), one whole window"
            raise ShapeError(must("codes", tuple(codes.shape), allowed))
        return codes

    def logits(
        self,
        codes: Tensor,
        upper_codes: Tensor | None = None,
        labels: Labels | Tensor | None = None,
    ) -> Tensor:
        """Logits (batch, window, codebook) of every music position, given the codes before it."""
        hidden = self(self._window(codes), self.condition(labels, upper_codes)).hidden
        n = self.config.n_ctx
        return self.music.head(hidden[:, -n:])[..., self.first_code :]

    def loss(
        self,
        codes: Tensor,
        upper_codes: Tensor | None = None,
        labels: Labels | Tensor | None = None,
    ) -> PriorLoss:
        """Cross-entropy of a window in bits per token [Jukebox §4].

        Lyrics and music are weighted by their share of the sequence, lyrics in addition by
        `loss_fraction`. In the single-sequence design both are over the joint vocabulary.
        """
        codes = self._window(codes)
        conditions = self.condition(labels, upper_codes)
        return self.loss_of(self(codes, conditions).hidden, codes, conditions)

    def loss_of(self, hidden: Tensor, codes: Tensor, conditions: Conditions) -> PriorLoss:
        """The losses of states (batch, sequence, width) that `forward` returned."""
        n = self.config.n_ctx
        music = _bits(self.music.head(hidden[:, -n:]), self.to_tokens(codes))
        lyrics = self.config.lyrics
        if lyrics is None or conditions.lyric_tokens is None or lyrics.both_ways:
            return PriorLoss(music, music, torch.zeros_like(music))
        if isinstance(self.lyric_encoder, LyricEncoder):
            predicted = self.lyric_encoder.logits(conditions.lyric_states)  # type: ignore[arg-type]
        else:
            predicted = self.music.head(hidden[:, :-n])
        spoken = _bits(predicted, conditions.lyric_tokens)
        share = lyrics.n_tokens / (lyrics.n_tokens + n)
        total = lyrics.loss_fraction * share * spoken + (1 - share) * music
        return PriorLoss(total, music, spoken)

    def attention(
        self,
        codes: Tensor,
        upper_codes: Tensor | None = None,
        labels: Labels | Tensor | None = None,
        layers: Sequence[int] = (),
    ) -> dict[int, LayerRecord]:
        """Look into layers: weights (batch, heads, positions, keys) and outputs, by layer."""
        unknown = [i for i in layers if not 0 <= i < self.config.transformer.depth]
        if unknown:
            allowed = f"layers from 0 to {self.config.transformer.depth - 1}"
            raise ConfigError(must("layers", unknown, allowed))
        conditions = self.condition(labels, upper_codes)
        return self(self._window(codes), conditions, record=tuple(layers)).layers

    # ---- token by token --------------------------------------------------------------------

    def start(self, conditions: Conditions, batch: int) -> PriorState:
        """Begin a window: memory for every layer is allocated here."""
        self._check_batch(conditions, batch)
        c = conditions
        return PriorState(c, self.music.begin(batch, c.start, c.per_position, c.lyric_states))

    def prefill(self, state: PriorState, codes: Tensor, *, chunk: int | None = None) -> None:
        """Feed the first m music codes (batch, m) of the window, m from 0; once, after `start`.

        `chunk` limits how many positions are fed at once (memory); None: all together.
        """
        codes = self._checked_codes(codes, "codes")
        if codes.shape[1] >= self.config.n_ctx:
            allowed = f"shorter than the window of {self.config.n_ctx} codes"
            raise ShapeError(must("codes", tuple(codes.shape), allowed))
        tokens = self._sequence(codes, state.conditions)
        pieces = tokens.split(chunk, dim=1) if chunk and tokens.shape[1] else [tokens]
        for piece in pieces:
            hidden = self.music.extend(state.shell, piece)
        state.pending = self.music.head(hidden[:, -1])

    def next_logits(self, state: PriorState, previous: Tensor | None = None) -> Tensor:
        """Logits (batch, bins) of the next position, float32.

        `previous` (batch,) is the token drawn last, in the Transformer's own vocabulary; None
        only for the first call after `prefill`.
        """
        if previous is None:
            if state.pending is None:
                self.prefill(state, self._no_codes(state))
            return state.pending  # type: ignore[return-value]
        return self.music.head(self.music.extend(state.shell, previous[:, None])[:, -1])

    def _no_codes(self, state: PriorState) -> Tensor:
        batch = state.shell.start.shape[0]
        return torch.zeros(batch, 0, dtype=torch.long, device=self.device)

    def sample(
        self,
        n_samples: int,
        labels: Labels | Tensor | None = None,
        upper_codes: Tensor | None = None,
        prefix: Tensor | None = None,
        n_tokens: int | None = None,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Draw codes (n_samples, n_tokens) of one window, `prefix` included.

        Parameters
        ----------
        n_samples
            Batch size.
        labels, upper_codes
            Of this window, as in `condition`.
        prefix
            (n_samples, m) codes to continue; m below `n_tokens`.
        n_tokens
            Codes wanted, the prefix counted; default the whole window.
        temperature, top_k, top_p
            As in `jukebox_edu.sampling.filter_logits`.
        generator
            Source of randomness: the same draws as `torch.distributions.Categorical`.

        Lesson: notebooks/05_transformer_over_codes.ipynb
        """
        from jukebox_edu.sampling.window import sample_window

        return sample_window(
            self,
            n_samples,
            labels,
            upper_codes,
            prefix,
            n_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            generator=generator,
        )


def _bits(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in bits of (batch, n, bins) logits."""
    nats = functional.cross_entropy(logits.flatten(0, 1).float(), targets.reshape(-1))
    return nats / math.log(2)
