"""The lyric encoder of the separate design (5b_lyrics): characters in, states to attend to out.

What
    A causal Transformer reads the characters; it also learns to predict them, which keeps its
    states informative. Layers of pattern 6 in the music Transformer attend to the states. Since
    its input is moved right by one like any other, state i has seen characters 0 .. i-1.
Shapes
    tokens (batch, n_tokens) -> states (batch, n_tokens, width of the music Transformer).
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from torch import Tensor, nn

from jukebox_edu.config import LyricConfig
from jukebox_edu.nn.linear import LayerNorm32, PointwiseLinear
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
