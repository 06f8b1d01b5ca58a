"""Who sings, and in which style: a network that names one of the songbook's voices or styles.

What
    Convolutions look at about a second of sound; what they find is pooled over the song (mean and
    spread over time), so that songs of any length are judged; one matrix gives the scores.
Shapes
    mel bands (batch, 64, frames) to logits (batch, names).
Conventions
    The style is heard in the band and in the tempo; "a cappella" is the style of the voice alone.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation.judges.features import BANDS
from jukebox_edu.evaluation.judges.recogniser import DilatedBlock, check_sizes


@dataclass(frozen=True)
class ClassifierConfig:
    """Shape of a classifier.

    Lesson: notebooks/13_measure_it.ipynb
    """

    names: tuple[str, ...]  # what it tells apart, in the order of its logits
    width: int = 96  # channels
    dilations: tuple[int, ...] = (1, 2, 4, 8)  # one block each; 32 ms

    def __post_init__(self) -> None:
        """Check the values."""
        check_sizes(self.width, self.dilations)
        if not 2 <= len(set(self.names)) == len(self.names) <= 1000:
            raise ConfigError(must("names", self.names, "2 to 1000 different names"))


class SongClassifier(nn.Module):
    """Mel bands (batch, 64, frames) to logits (batch, names).

    Lesson: notebooks/13_measure_it.ipynb
    """

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        self.first = nn.Conv1d(BANDS, config.width, 5, stride=2, padding=2)
        blocks = [DilatedBlock(config.width, dilation) for dilation in config.dilations]
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(0.3)
        self.last = nn.Linear(2 * config.width, len(config.names))

    def forward(self, mel: Tensor) -> Tensor:
        """Logits."""
        found = functional.relu(self.blocks(self.first(mel)))  # (batch, width, frames / 2)
        spread = found.var(2, correction=0).add(1e-5).sqrt()
        pooled = torch.cat([found.mean(2), spread], dim=1)  # (batch, 2 * width)
        return self.last(self.dropout(pooled))
