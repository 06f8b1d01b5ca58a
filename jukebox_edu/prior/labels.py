"""Artist, genre and time, as vectors added to what the Transformer reads.

What
    Artist and genre together make one vector that stands in front of the sequence (the *start*).
    Time makes one vector for every position: how long the song is, where in it this code stands in
    seconds, and where as a fraction of the whole. Each is looked up in a table of a few dozen bins.
Shapes
    start (batch, 1, width); timing (batch, window, width).
Conventions
    Positions are in samples and are binned in float32, in exactly the order of operations of the
    released models: above 2^24 samples another order moves the borders between bins.
Paper: [Jukebox §4.1]
Lesson: notebooks/07_style_and_time.ipynb
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jukebox_edu.config import LabelConfig
from jukebox_edu.errors import LyricsError, must
from jukebox_edu.labels import Labels


def timing_bins(
    start: Tensor, end: Tensor | None, positions: int, low: float, high: float, bins: int
) -> Tensor:
    """Bin numbers (batch, positions) of times that run evenly from `start` towards `end`.

    Parameters
    ----------
    start, end
        (batch,) float32, samples or fractions; `end` None means a single time.
    positions
        How many times between them, the end excluded.
    low, high
        Range covered by the bins; times stay below `high`.
    bins
        Number of bins.

    Raises
    ------
    LyricsError
        If a time lies outside the range.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    start = start.float()[:, None]  # (batch, 1)
    inside = (low <= start) & (start < high)
    times = start
    if end is not None:
        end = end.float()[:, None]
        inside = inside & (end <= high)
        steps = torch.arange(positions, dtype=torch.float32, device=start.device) / positions
        times = start + (end - start) * steps  # (batch, positions)
    if not bool(inside.all()):
        given = [round(float(t), 3) for t in times[~inside.expand_as(times)].unique()[:3]]
        advice = "Choose total_seconds and seconds that the model knows (see its label settings)."
        raise LyricsError(must("time", given, f"from {low:g} to below {high:g}", advice))
    return (bins * ((times - low) / (high - low))).floor().long()  # (batch, positions)


class LabelConditioner(nn.Module):
    """Tables of artists, genres and times.

    Lesson: notebooks/07_style_and_time.ipynb
    """

    def __init__(
        self, config: LabelConfig, width: int, window: int, sample_rate: int, init_scale: float
    ) -> None:
        super().__init__()
        self.config, self.window, self.sample_rate = config, window, sample_rate
        self.artist = nn.Embedding(config.n_artists, width)
        self.genre = nn.Embedding(config.n_genres, width)
        tables = [self.artist, self.genre]
        if config.timing:
            self.total_length = nn.Embedding(config.timing_bins, width)
            self.absolute_position = nn.Embedding(config.timing_bins, width)
            self.relative_position = nn.Embedding(config.timing_bins, width)
            tables += [self.total_length, self.absolute_position, self.relative_position]
        for table in tables:
            nn.init.normal_(table.weight, std=0.01 * init_scale)

    def start(self, labels: Labels) -> Tensor:
        """Artist plus the sum of the genres, (batch, 1, width); empty genre slots are -1."""
        self._check_ids("artist", labels.artist, self.config.n_artists)
        self._check_ids("genres", labels.genres, self.config.n_genres)
        used = labels.genres >= 0  # (batch, slots)
        genres = self.genre(labels.genres.clamp(min=0)) * used[..., None]
        return self.artist(labels.artist)[:, None] + genres.sum(1, keepdim=True)

    def _check_ids(self, name: str, ids: Tensor, rows: int) -> None:
        if ids.numel() and int(ids.max()) >= rows:
            allowed = f"ids from 0 to {rows - 1}"
            raise LyricsError(must(f"labels.{name}", int(ids.max()), allowed))

    def timing(self, labels: Labels) -> Tensor | None:
        """Sum of the three timing embeddings, (batch, window, width)."""
        c = self.config
        if not c.timing:
            return None
        low, high = c.min_duration * self.sample_rate, c.max_duration * self.sample_rate
        total, offset = labels.total_length, labels.offset
        end = offset + labels.window_length
        n, bins = self.window, c.timing_bins
        total_bin = timing_bins(total, None, 1, low, high, bins)
        absolute = timing_bins(offset, end, n, 0.0, high, bins)
        fraction_start = offset.float() / total.float()
        fraction_end = (end.float() / total.float()).clamp(0.0, 1.0)
        relative = timing_bins(fraction_start, fraction_end, n, 0.0, 1.0, bins)
        return (
            self.total_length(total_bin)
            + self.absolute_position(absolute)
            + self.relative_position(relative)
        )  # (batch, window, width)
