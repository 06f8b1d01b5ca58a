"""The bottleneck: every encoder vector is replaced by the nearest vector of a codebook.

What
    A codebook is a table of vectors; a code is a row number. Quantising a sound means naming, for
    every time step, the nearest row. Rows are not learned by gradient: each is the moving average
    of the encoder vectors that chose it, and a row that hardly anybody chooses is restarted at the
    place of a random encoder vector.

        sums    <- decay * sums   + (1 - decay) * (sum of the vectors that chose the row)
        counts  <- decay * counts + (1 - decay) * (how many did)
        vectors <- sums / counts, or a random encoder vector where counts < threshold
Shapes
    Encoder vectors are (batch, emb_width, tokens) outside and rows (batch * tokens, emb_width)
    inside; codes are (batch, tokens).
Paper: [Jukebox §3.1]; the moving averages are those of [VQ-VAE, appendix A.1]
Lesson: notebooks/02_vector_quantisation.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.errors import ShapeError, must

# reduce(tensor, "sum") adds a tensor over all workers; reduce(tensor, "first") hands everybody the
# tensor of the first worker. None: there is one worker.
Reduce = Callable[[Tensor, str], Tensor]

ROWS_AT_ONCE = 2048  # rows compared with the codebook in one piece: its distances fit a cache


@dataclass(frozen=True)
class CodebookMetrics:
    """How a codebook fared in one training step.

    Lesson: notebooks/02_vector_quantisation.ipynb
    """

    fit: float  # mean squared distance of encoder vectors to their row
    prenorm: float  # standard deviation of the encoder vectors around one common mean
    entropy: float  # of the usage in this batch, nats
    used: float  # rows chosen at least `threshold` times in this batch
    usage: float  # rows kept, that is, not restarted
    dk: float  # root mean square change of the rows


@dataclass(frozen=True)
class Quantised:
    """What a codebook makes of encoder vectors.

    Lesson: notebooks/02_vector_quantisation.ipynb
    """

    codes: Tensor  # (batch, tokens) long
    vectors: Tensor  # (batch, emb_width, tokens); gradients pass straight through when training
    commit: Tensor  # scalar: mean squared distance between encoder vectors and their rows
    metrics: CodebookMetrics | None  # None in eval mode


def tile(rows: Tensor, n_rows: int, noise: Tensor | None = None) -> Tensor:
    """Repeat `rows` until there are at least `n_rows`, with a little noise to tell copies apart.

    Parameters
    ----------
    rows
        (n, emb_width). Returned unchanged if `n >= n_rows`.
    n_rows
        How many rows are needed.
    noise
        Standard normal numbers of the result's shape; None: drawn by torch.

    Lesson: notebooks/02_vector_quantisation.ipynb
    """
    n, width = rows.shape
    if n >= n_rows:
        return rows
    copies = rows.repeat(math.ceil(n_rows / n), 1)  # (copies * n, emb_width)
    if noise is None:
        noise = torch.randn(copies.shape)
    return copies + noise.to(copies) * (0.01 / math.sqrt(width))


def draw_candidates(rows: Tensor, n_rows: int, generator: torch.Generator | None = None) -> Tensor:
    """Choose `n_rows` rows at random, without repetition as far as there are enough.

    Lesson: notebooks/02_vector_quantisation.ipynb
    """
    device = generator.device if generator is not None else rows.device
    noise = None
    if len(rows) < n_rows:
        shape = (math.ceil(n_rows / len(rows)) * len(rows), rows.shape[1])
        noise = torch.randn(shape, generator=generator, device=device)
    rows = tile(rows, n_rows, noise)
    order = torch.randperm(len(rows), generator=generator, device=device)
    return rows[order[:n_rows].to(rows.device)]  # (n_rows, emb_width)


class Codebook(nn.Module):
    """One level's table of vectors, learned by moving averages.

    Parameters
    ----------
    config
        Of the codec; uses `codebook_size`, `emb_width`, `codebook_decay` and the restart rule
        (`revival_threshold`, or `relative_revival` of the mean use per row).

    Lesson: notebooks/02_vector_quantisation.ipynb
    """

    vectors: Tensor
    ema_sums: Tensor
    ema_counts: Tensor

    def __init__(self, config: VQVAEConfig) -> None:
        super().__init__()
        self.config = config
        size, width = config.codebook_size, config.emb_width
        self.register_buffer("vectors", torch.zeros(size, width))  # zeros: not yet initialized
        self.register_buffer("ema_sums", torch.zeros(size, width), persistent=False)
        self.register_buffer("ema_counts", torch.zeros(size), persistent=False)

    def to_rows(self, x: Tensor) -> Tensor:
        """Flatten (batch, channels, tokens) to (batch * tokens, emb_width).

        Channels may be twice the width of the codebook: then the two halves are added.

        Raises
        ------
        ShapeError
            If the channels are neither `emb_width` nor twice that.
        """
        width = self.config.emb_width
        if x.ndim != 3 or x.shape[1] not in (width, 2 * width):
            raise ShapeError(must("x.shape", tuple(x.shape),
                                  f"(batch, {width} or {2 * width}, tokens)"))  # fmt: skip
        rows = x.transpose(1, 2).reshape(-1, x.shape[1])  # (batch * tokens, channels)
        if x.shape[1] == 2 * width:
            rows = rows[:, :width] + rows[:, width:]
        return rows.float()

    def nearest(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Find each row's nearest codebook row: codes (n,) and squared distances (n,).

        The square is written out as |x|^2 - 2 x.k + |k|^2, so that one matrix product does the
        work; the rest is added in place, to save memory. Ties go to the lowest code.
        """
        squares = self.vectors.square().sum(1)  # (codebook_size,)
        codes, distances = [], []
        with torch.no_grad(), torch.autocast(rows.device.type, enabled=False):
            for part in rows.split(ROWS_AT_ONCE):
                squared = (-2 * part) @ self.vectors.T  # (n, codebook_size)
                squared.add_(part.square().sum(1, keepdim=True)).add_(squares)
                least, code = squared.min(1)  # (n,)
                codes.append(code)
                distances.append(least)
        return torch.cat(codes), torch.cat(distances)

    def encode(self, x: Tensor) -> Tensor:
        """Codes (batch, tokens) of encoder vectors (batch, emb_width, tokens)."""
        return self.nearest(self.to_rows(x))[0].view(x.shape[0], x.shape[2])

    def decode(self, codes: Tensor) -> Tensor:
        """Codebook vectors (batch, emb_width, tokens) of codes (batch, tokens)."""
        return functional.embedding(codes, self.vectors).transpose(1, 2)

    def forward(
        self, x: Tensor, *, generator: torch.Generator | None = None, reduce: Reduce | None = None
    ) -> Quantised:
        """Quantise (batch, emb_width, tokens); in training mode also learn from it.

        The straight-through trick: forwards the result is the codebook row, backwards the gradient
        reaches the encoder as if nothing had happened in between.
        """
        rows = self.to_rows(x)  # (batch * tokens, emb_width)
        if self.training:
            self.prepare(rows, generator=generator, reduce=reduce)
        codes, distances = self.nearest(rows)
        chosen = self.vectors[codes]  # (batch * tokens, emb_width), without gradient
        commit = (chosen - rows).square().mean()
        metrics = None
        if self.training:
            candidates = draw_candidates(rows.detach(), len(self.vectors), generator)
            entropy, used, usage, dk = self.update(rows, codes, candidates, reduce)
            fit = float(distances.mean())
            metrics = CodebookMetrics(fit, self._prenorm(x), entropy, used, usage, dk)
            chosen = rows + (chosen - rows).detach()  # straight-through
        batch, tokens = x.shape[0], x.shape[2]
        vectors = chosen.view(batch, tokens, -1).transpose(1, 2)  # (batch, emb_width, tokens)
        return Quantised(codes.view(batch, tokens), vectors, commit, metrics)

    @torch.no_grad()
    def prepare(
        self,
        rows: Tensor,
        candidates: Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
        reduce: Reduce | None = None,
    ) -> None:
        """Before the first step: fill an empty codebook, or start the averages of a loaded one.

        An empty one becomes `candidates` (codebook_size, emb_width), by default rows of this batch.
        """
        if bool(self.ema_counts.any()):
            return  # not the first step
        n_rows = float(reduce(rows.new_tensor(len(rows)), "sum")) if reduce else len(rows)
        if bool(self.vectors.any()):  # loaded from a file, which holds no averages
            self.restore_for_training(n_rows)
            return
        if candidates is None:
            candidates = draw_candidates(rows.detach(), len(self.vectors), generator)
        self.vectors.copy_(reduce(candidates, "first") if reduce else candidates)
        # With the relative rule, a row must not count as neglected before anybody could choose it.
        relative = self.config.relative_revival is not None
        self.restore_for_training(n_rows if relative else len(self.vectors))

    @torch.no_grad()
    def restore_for_training(self, num_tokens: float) -> None:
        """Start the moving averages of a loaded codebook as if every row were used equally.

        Parameters
        ----------
        num_tokens
            Codes of one clip times workers (the batch size is left out, as in the release).
        """
        count = num_tokens / len(self.vectors)
        self.ema_counts.fill_(count)
        self.ema_sums.copy_(self.vectors * count)

    def threshold(self, n_rows: float) -> float:
        """Average count below which a row is restarted, for steps of `n_rows` encoder vectors."""
        if self.config.relative_revival is None:
            return self.config.revival_threshold
        return self.config.relative_revival * n_rows / len(self.vectors)

    @torch.no_grad()
    def update(
        self, rows: Tensor, codes: Tensor, candidates: Tensor, reduce: Reduce | None = None
    ) -> tuple[float, float, float, float]:
        """One learning step; returns entropy, used, usage and dk of `CodebookMetrics`.

        Parameters
        ----------
        rows, codes
            Encoder vectors (n, emb_width) and the codes (n,) they chose.
        candidates
            (codebook_size, emb_width): where row j goes if it must restart.
        reduce
            How workers share their counts, see `Reduce`.
        """
        counts = torch.zeros_like(self.ema_counts).index_add_(0, codes, torch.ones_like(rows[:, 0]))
        sums = torch.zeros_like(self.ema_sums).index_add_(0, codes, rows)
        if reduce is not None:
            counts, sums = reduce(counts, "sum"), reduce(sums, "sum")
            candidates = reduce(candidates, "first")
        threshold = self.threshold(counts.sum().item())

        decay, before = self.config.codebook_decay, self.vectors.clone()
        self.ema_sums.mul_(decay).add_(sums, alpha=1 - decay)
        self.ema_counts.mul_(decay).add_(counts, alpha=1 - decay)
        kept = self.ema_counts >= threshold  # (codebook_size,)
        means = self.ema_sums / self.ema_counts[:, None]
        # The averages of a restarted row stay: it goes on restarting until it is chosen often.
        self.vectors.copy_(torch.where(kept[:, None], means, candidates))

        shares = counts / counts.sum()
        entropy = -(shares * (shares + 1e-8).log()).sum()
        change = (self.vectors - before).square().mean().sqrt()
        values = (entropy, (counts >= threshold).sum(), kept.sum(), change)
        return tuple(float(value) for value in values)  # type: ignore[return-value]

    def _prenorm(self, x: Tensor) -> float:
        halves = x.detach().float().split(self.config.emb_width, dim=1)
        return sum(half.std(correction=0).item() for half in halves)


class Bottleneck(nn.Module):
    """The codebooks of all levels; nothing is shared between them.

    Lesson: notebooks/04_three_levels.ipynb
    """

    codebooks: Sequence[Codebook]  # index = level

    def __init__(self, config: VQVAEConfig) -> None:
        super().__init__()
        books = (Codebook(config) for _ in range(config.levels))
        self.codebooks = nn.ModuleList(books)  # type: ignore[assignment]

    def restore_for_training(self, num_tokens: Sequence[float]) -> None:
        """Call `Codebook.restore_for_training` of every level; one count per level."""
        for codebook, count in zip(self.codebooks, num_tokens, strict=True):
            codebook.restore_for_training(count)
