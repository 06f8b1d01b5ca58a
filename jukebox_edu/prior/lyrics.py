"""The lyric encoder of the separate design (5b_lyrics): characters in, states to attend to out.

What
    A causal Transformer reads the characters; it also learns to predict them, which keeps its
    states informative. Layers of pattern 6 in the music Transformer attend to the states. Since
    its input is moved right by one like any other, state i has seen characters 0 .. i-1.

    `LyricConvolutions` is an option of ours, not of Jukebox (`LyricConfig.both_ways`): each state
    sees its own character and those around it. How a letter is said depends on the letters after
    it ("no", "not", "note"), and a small model learns that sooner when it need not wait for them.
Shapes
    tokens (batch, n_tokens) -> states (batch, n_tokens, width of the music Transformer).
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jukebox_edu.config import LyricConfig
from jukebox_edu.nn.linear import LayerNorm32, PointwiseLinear
from jukebox_edu.nn.residual import ResidualStack
from jukebox_edu.prior.shell import AutoregressiveShell
from jukebox_edu.transformer.patterns import Layout


class LyricEncoder(nn.Module):
    """Encoder of lyric tokens with its own language-model head.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def __init__(self, config: LyricConfig, width: int, init_scale: float) -> None:
        super().__init__()
        inner = config.encoder
        if inner is None:
            raise TypeError("LyricEncoder needs LyricConfig.encoder")
        layout = Layout(config.n_tokens, inner.blocks or 1)
        self.shell = AutoregressiveShell(
            inner, layout, config.vocab_size, learned_start=True, with_head=False
        )
        self.project = PointwiseLinear(inner.width, width, init_std=0.02 * inner.init_scale)
        self.norm = LayerNorm32(width)
        self.output = nn.Linear(width, config.vocab_size, bias=False)
        nn.init.normal_(self.output.weight, std=0.02 * init_scale)

    def forward(self, tokens: Tensor) -> Tensor:
        """States (batch, n_tokens, width), float32."""
        hidden = self.shell(tokens).hidden
        return self.norm(nn.functional.linear(hidden, *self._projection()))

    def logits(self, states: Tensor) -> Tensor:
        """Predictions (batch, n_tokens, vocab) of the characters themselves."""
        return nn.functional.linear(states, self.output.weight.float())

    def _projection(self) -> tuple[Tensor, Tensor]:
        return self.project.weight.float().T, self.project.bias.float()


class LyricConvolutions(nn.Module):
    """Residual convolutions over the characters and their positions; no language model.

    Block j of the stack looks 2**j characters to either side. Width and depth are those of
    `config.encoder`, whose other fields do not matter here.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def __init__(self, config: LyricConfig, width: int, init_scale: float) -> None:
        super().__init__()
        inner = config.encoder
        if inner is None:
            raise TypeError("LyricConvolutions needs LyricConfig.encoder")
        self.token_embedding = nn.Embedding(config.vocab_size, inner.width)
        nn.init.normal_(self.token_embedding.weight, std=0.5 * init_scale)
        self.position_embedding = nn.Parameter(torch.empty(config.n_tokens, inner.width))
        nn.init.normal_(self.position_embedding, std=0.3 * init_scale)
        self.stack = ResidualStack(inner.width, inner.depth, dilation_growth=2)
        self.project = nn.Linear(inner.width, width)
        self.norm = LayerNorm32(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """States (batch, n_tokens, width), float32."""
        hidden = self.token_embedding(tokens)  # (batch, n_tokens, encoder width)
        hidden = self.stack(hidden.transpose(1, 2)).transpose(1, 2)
        return self.norm(self.project(hidden + self.position_embedding).float())
