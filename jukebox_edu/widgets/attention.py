"""See sparse attention work: who sees whom, through how many layers, at what cost.

What
    Choose a layer and a position. The explorer shows on the grid what the layer's pattern lets the
    position see, how the view grows from layer to layer, and how many pairs each pattern computes
    beside full attention. With a model and a song it also shows where the model really looks.

        AttentionExplorer(8192, blocks=128)           # the shape alone
        AttentionExplorer(model.priors[2])            # the shape and layers of a prior
        AttentionExplorer(model, song=song)           # and its real weights in a song
Conventions
    Layers and positions count from 0. A lyric layer looks at the lyrics, not at the codes.
Paper: [Jukebox §4, appendix A]
Lesson: notebooks/06_sparse_attention.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.plotting.attention import (
    lyric_weights_figure,
    pattern_figure,
    reach_figure,
    weights_figure,
)
from jukebox_edu.song import Song
from jukebox_edu.transformer.patterns import LYRICS, PATTERNS, Layout, layer_patterns
from jukebox_edu.transformer.reach import (
    checked_layout,
    kept,
    layers_needed,
    nearby,
    overview,
    reached,
    seen,
)
from jukebox_edu.widgets.attention_weights import Looked, WeightReader, shape_of
from jukebox_edu.widgets.base import Panel, View, labelled
from jukebox_edu.widgets.pieces import paragraph, picture, table, whole

LYRIC_TOKENS = 512  # that a lyric layer sees, where only a number of positions is given


@dataclass(frozen=True)
class Cost:
    """What one pattern costs.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    name: str  # of the pattern
    pairs: int  # (query, key) pairs that are computed for a whole sequence
    share: float  # of those of full attention, 0 to 1 or above
    kept: int  # keys and values that a layer remembers while sampling


class AttentionExplorer(Panel):
    """Look into the attention of a stack of layers.

    Parameters
    ----------
    about
        A number of positions, a `PriorConfig`, a `Prior`, or a `Jukebox`.
    blocks
        Rows of the grid, for a number of positions; None: the divisor next to its square root.
    order, depth
        Order of the patterns (0 to 12, see `layer_patterns`) and layers, for a number of positions.
    song, sample
        A song with codes and labels, to see real weights; needs a `Jukebox` or a `Prior`.
    level
        Which prior of a `Jukebox`; None: the top.

    Attributes
    ----------
    layout, patterns
        The grid, and the pattern of each layer.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    def __init__(
        self,
        about: Any = 8192,
        blocks: int | None = None,
        *,
        order: int | tuple[int, ...] = 2,
        depth: int = 6,
        song: Song | None = None,
        sample: int = 0,
        level: int | None = None,
    ) -> None:
        self._reader: WeightReader | None = None
        self._kept: tuple[int, tuple[str, str]] | None = None  # reach of a position, as drawn
        if isinstance(about, int) and not isinstance(about, bool):
            rows = near_root(about) if blocks is None else blocks
            self.layout = checked_layout(Layout(about, rows, encoder=LYRIC_TOKENS))
            self.patterns = layer_patterns(order, depth)
        else:
            shape = shape_of(about, level)
            self.layout, self.patterns = shape.layout, shape.patterns
            if song is not None:
                self._reader = WeightReader(shape, song, sample)
        if song is not None and self._reader is None:
            advice = "Give the model: AttentionExplorer(model, song=song)."
            raise ConfigError(must("song", song, "given together with a model", advice))
        super().__init__(self._make_controls())

    def _make_controls(self) -> list[Any]:
        names = [f"layer {i} · {PATTERNS[p].name}" for i, p in enumerate(self.patterns)]
        options = [(name, i) for i, name in enumerate(names)]
        last = self.layout.n - 1
        known = last  # the last position that a song fills
        if self._reader is not None:
            known = min(last, self.layout.prime + self._reader.codes.shape[1] - 1)
        self.layer = ipywidgets.Dropdown(options=options, description="Layer", **labelled())
        self.position = ipywidgets.IntSlider(
            value=round(0.61 * known), min=0, max=last, description="Position",
            continuous_update=False, **labelled("34rem"),
        )  # fmt: skip
        self.follow(self.layer, self.position)
        if self._reader is None:
            return [[self.layer, self.position]]
        reader = self._reader
        heads = [(f"head {i}", i) for i in range(reader.heads)]
        self.head = ipywidgets.Dropdown(options=heads, description="Head", **labelled("12rem"))
        self.window = ipywidgets.Dropdown(
            options=[(f"from {reader.seconds(start):.2f} s", start) for start in reader.starts],
            description="Window", **labelled("16rem"),
        )  # fmt: skip
        self.follow(self.head, self.window)
        return [[self.layer, self.head, self.window], self.position]

    def __repr__(self) -> str:
        n, columns = self.layout.n, self.layout.columns
        return (
            f"AttentionExplorer({n:,} positions in {n // columns:,} rows of {columns:,}, "
            f"{len(self.patterns)} layers)"
        )

    # ---- what it found out --------------------------------------------------------------------

    @property
    def pattern(self) -> int:
        """Number of the chosen layer's pattern."""
        return self.patterns[self.layer.value]

    @property
    def seen(self) -> np.ndarray:
        """What the chosen position sees in the chosen layer, boolean (positions,)."""
        return seen(self.pattern, self.layout, self.position.value)

    @property
    def layers_needed(self) -> np.ndarray:
        """Through how many layers from the bottom each position is seen; 0: never."""
        return layers_needed(reached(self.patterns, self.layout, self.position.value))

    @property
    def weights(self) -> Looked | None:
        """Where the model really looks, in the chosen layer, head and window."""
        if self._reader is None:
            return None
        chosen = (self.window.value, self.layer.value, self.head.value, self.position.value)
        return self._reader.read(*chosen)

    def costs(self) -> tuple[Cost, ...]:
        """What each pattern in use costs, and dense attention beside them.

        Lesson: notebooks/06_sparse_attention.ipynb
        """
        full = overview(0, self.layout).entries
        found = []
        for pattern in dict.fromkeys((*self.patterns, 0)):
            pairs = overview(pattern, self.layout).entries
            remembered = kept(pattern, self.layout)
            found.append(Cost(PATTERNS[pattern].name, pairs, pairs / full, remembered))
        return tuple(found)

    # ---- showing ------------------------------------------------------------------------------

    def view(self) -> View:
        """Pictures of pattern, reach and weights, the costs, and a sentence for each."""
        pieces, words = [], []
        for html, sentence in (self._pattern_piece(), self._weights_piece(), self._reach_piece()):
            if sentence:
                pieces += [paragraph(sentence), html]
                words.append(sentence)
        rows = [
            (cost.name, f"{cost.pairs:,}", f"{100 * cost.share:.2f} %", f"{cost.kept:,}")
            for cost in self.costs()
        ]
        header = ("pattern", "pairs", "of full attention", "keys kept while sampling")
        pieces.append(table(header, rows))
        return View(whole(*pieces), " ".join(words))

    def _pattern_piece(self) -> tuple[str, str]:
        query, columns = self.position.value, self.layout.columns
        name = PATTERNS[self.pattern].name
        place = f"Position {query:,} (row {query // columns:,}, column {query % columns:,})"
        if self.pattern == LYRICS:
            return "", f"{place} looks at the lyrics in layer {self.layer.value}, not at codes."
        visible = self.seen
        sentence = (
            f"{place} sees {int(visible.sum()):,} of {query + 1:,} positions "
            f"in layer {self.layer.value}, whose pattern is {name}."
        )
        figure = pattern_figure(
            visible, query, columns, nearby(self.pattern, self.layout, query), f"Pattern: {name}"
        )
        return picture(figure, sentence), sentence

    def _reach_piece(self) -> tuple[str, str]:
        """The same for every layer: kept until another position is chosen."""
        query = self.position.value
        if self._kept is None or self._kept[0] != query:
            self._kept = query, self._draw_reach(query)
        return self._kept[1]

    def _draw_reach(self, query: int) -> tuple[str, str]:
        needed = self.layers_needed
        deepest, inside = int(needed.max()), int((needed > 0).sum())
        through = f"Through {deepest} layer{'s' if deepest > 1 else ''}"
        sentence = f"{through} it depends on {inside:,} of {query + 1:,} positions."
        if inside == query + 1:
            sentence = f"{through} it depends on everything before it: {inside:,} positions."
        figure = reach_figure(needed, query, self.layout.columns, "Seen through how many layers")
        return picture(figure, sentence), sentence

    def _weights_piece(self) -> tuple[str, str]:
        found = self.weights
        if found is None or self._reader is None:
            return "", ""
        layer, head = self.layer.value, self.head.value
        if not found.written:
            return "", f"The song ends before {found.seconds:.3f} s: nothing was written there."
        title = f"Layer {layer}, head {head} · real weights"
        if found.letters is not None:
            letter = found.letters[int(found.weights.argmax())]
            where = f"{letter!r} in the lyrics" if letter else "the padding beside the lyrics"
            sentence = f"At {found.seconds:.3f} s head {head} looks most at {where}."
            figure = lyric_weights_figure(found.weights, found.letters, title)
            return picture(figure, sentence), sentence
        if not found.weights.any():
            return "", f"At {found.seconds:.3f} s head {head} looks at nothing at all."
        best = int(found.weights.argmax())
        hop = self._reader.hop_seconds
        back = (self.position.value - best) * hop
        sentence = (
            f"At {found.seconds:.3f} s head {head} looks most at position {best:,}, "
            f"{back:.3f} s earlier, with weight {found.weights[best]:.3f}."
        )
        figure = weights_figure(
            found.weights, self.position.value, self.layout.columns, hop, found.first_seconds, title
        )
        return picture(figure, sentence), sentence


def near_root(n: int) -> int:
    """The divisor of n that is nearest to its square root.

    Lesson: notebooks/06_sparse_attention.ipynb

    >>> near_root(640)
    20
    """
    checked_layout(Layout(n))
    root = n**0.5
    divisors = [d for d in range(1, int(root) + 1) if n % d == 0]
    small = divisors[-1]
    return n // small if n // small - root <= root - small else small
