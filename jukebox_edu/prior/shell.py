"""The autoregressive shell: tokens in, predictions of the next token out.

What
    Around the Transformer stand an embedding of tokens, an embedding of positions and an output
    head. Position i predicts token i from tokens 0 .. i-1: the embeddings are moved right by one
    and the freed first place takes the *start*, which is either learned or says artist and genre.

        input   = [start, e(t0), e(t1), ...] + position + condition
        logits  = head(stack(input) (+ condition again, unless merged_decoder))

    Without `merged_decoder` the head shares its matrix with the token embedding.
Shapes
    tokens (batch, n) long; start (batch, 1, width); condition (batch, n or 1, width);
    logits (batch, n, bins).
Paper: [Jukebox §4]
Lesson: notebooks/05_transformer_over_codes.ipynb
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jukebox_edu.config import TransformerConfig
from jukebox_edu.errors import ShapeError, must
from jukebox_edu.transformer.cache import KeyValues
from jukebox_edu.transformer.one_by_one import OneByOne
from jukebox_edu.transformer.patterns import Layout
from jukebox_edu.transformer.stack import StackOutput, Transformer


@dataclass
class ShellState:
    """What one sequence needs while it grows; lives in the call that samples."""

    caches: list[KeyValues]
    start: Tensor  # (batch, 1, width)
    condition: Tensor | None  # (batch, n or 1, width)
    one_by_one: OneByOne | None = None  # for single positions, where the stack allows it
    position: int = 0  # positions fed so far


class AutoregressiveShell(nn.Module):
    """Embeddings, Transformer and head over one vocabulary of tokens.

    Parameters
    ----------
    config
        The Transformer inside.
    layout
        Length of the sequence and its rows.
    bins
        Size of the vocabulary.
    learned_start
        Whether there is a start token of its own (nothing else says how to begin).
    merged_decoder
        The head has a matrix of its own, and the condition is added before the stack only.
    with_head
        False for an encoder, which returns states instead of logits.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """

    def __init__(
        self,
        config: TransformerConfig,
        layout: Layout,
        bins: int,
        *,
        learned_start: bool,
        merged_decoder: bool = False,
        with_head: bool = True,
    ) -> None:
        super().__init__()
        width, scale = config.width, config.init_scale
        self.bins, self.merged_decoder = bins, merged_decoder
        self.token_embedding = nn.Embedding(bins, width)
        nn.init.normal_(self.token_embedding.weight, std=0.02 * scale)
        self.position_embedding = nn.Parameter(torch.empty(layout.n, width))
        nn.init.normal_(self.position_embedding, std=0.01 * scale)
        self.start_token = None
        if learned_start:
            self.start_token = nn.Parameter(torch.empty(1, width))
            nn.init.normal_(self.start_token, std=0.01 * scale)
        self.transformer = Transformer(config, layout)
        self.output = None
        if with_head:
            self.output = nn.Linear(width, bins, bias=False)
            if not merged_decoder:
                self.output.weight = self.token_embedding.weight

    def embed(
        self,
        tokens: Tensor,
        start: Tensor | None = None,
        condition: Tensor | None = None,
        hide: Tensor | None = None,
    ) -> Tensor:
        """The stack's input for a whole sequence: (batch, n, width); `hide` as in `forward`."""
        embedded = self.token_embedding(tokens[:, :-1])  # (batch, n - 1, width)
        if hide is not None:
            embedded = embedded.masked_fill(hide[:, :-1, None], 0.0)
        shifted = torch.cat([self._start(start, tokens.shape[0]), embedded], dim=1)
        hidden = shifted + self.position_embedding[: tokens.shape[1]]
        return hidden if condition is None else hidden + condition

    def forward(
        self,
        tokens: Tensor,
        start: Tensor | None = None,
        condition: Tensor | None = None,
        encoder_states: Tensor | None = None,
        *,
        hide: Tensor | None = None,
        record: Collection[int] = (),
        checkpoint: bool = False,
    ) -> StackOutput:
        """States (batch, n, width) of a whole sequence, float32; `head` makes logits of them.

        `hide` (batch, n) marks tokens whose embedding is replaced by zeros, so that predictions
        after them must come from elsewhere (a training aid). `record` and `checkpoint` as in
        `Transformer.forward`.
        """
        hidden = self.embed(tokens, start, condition, hide)
        dtype = self.compute_dtype
        states = None if encoder_states is None else encoder_states.to(dtype)
        out = self.transformer(hidden.to(dtype), states, record=record, checkpoint=checkpoint)
        return StackOutput(self._add_again(out.hidden.float(), condition), out.layers)

    def head(self, hidden: Tensor) -> Tensor:
        """Logits (batch, n, bins) of states (batch, n, width), in float32."""
        return nn.functional.linear(hidden.float(), self.output.weight.float())  # type: ignore[union-attr]

    @property
    def compute_dtype(self) -> torch.dtype:
        """Precision of the stack: that of its matrices."""
        return self.transformer.layers[0].mlp.up.weight.dtype  # type: ignore[union-attr,return-value]

    def begin(
        self, batch: int, start: Tensor | None, condition: Tensor | None, encoder: Tensor | None
    ) -> ShellState:
        """An empty sequence, ready to be extended."""
        like = self.position_embedding.new_empty(0, dtype=self.compute_dtype)
        encoder = None if encoder is None else encoder.to(self.compute_dtype)
        caches = self.transformer.new_cache(batch, like, encoder)
        flat = OneByOne(self.transformer, caches) if OneByOne.fits(self.transformer) else None
        return ShellState(caches, self._start(start, batch), condition, flat)

    def extend(self, state: ShellState, tokens: Tensor) -> Tensor:
        """Feed tokens (batch, m); states (batch, m or m + 1, width) of what comes after each.

        The first call also feeds the start, so that m tokens give m + 1 states.
        """
        embedded = self.token_embedding(tokens)  # (batch, m, width)
        if state.position == 0:
            embedded = torch.cat([state.start, embedded], dim=1)  # (batch, m + 1, width)
        first, last = state.position, state.position + embedded.shape[1]
        room = self.position_embedding.shape[0]
        if last > room:
            raise ShapeError(
                must("tokens", f"position {last - 1}", f"below the window's end {room}")
            )
        condition = state.condition
        if condition is not None and condition.shape[1] > 1:
            condition = condition[:, first:last]
        hidden = embedded + self.position_embedding[first:last]
        if condition is not None:
            hidden = hidden + condition
        state.position = last
        hidden = hidden.to(self.compute_dtype)
        if hidden.shape[1] == 1 and state.one_by_one is not None:
            hidden = state.one_by_one(hidden[:, 0])[:, None]
        else:
            hidden = self.transformer.extend(hidden, state.caches)
        return self._add_again(hidden.float(), condition)

    def _start(self, start: Tensor | None, batch: int) -> Tensor:
        if start is not None:
            return start
        return self.start_token.expand(batch, 1, -1)  # type: ignore[union-attr]

    def _add_again(self, hidden: Tensor, condition: Tensor | None) -> Tensor:
        return hidden if condition is None or self.merged_decoder else hidden + condition
