"""What the paper reports, to stand beside our own figures.

What
    The paper's codec has three levels at 44.1 kHz and was measured on songs that nobody else has.
    Its figures are no target for another codec on other songs; they show what a given hop length
    costs, and that each level up costs much.
Paper: [Jukebox §5.1], tables 4 to 6
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "Dhariwal et al. 2020, Jukebox: A Generative Model for Music, arXiv 2005.00341, table 4"


@dataclass(frozen=True)
class PaperConvergence:
    """Spectral convergence of one level of the paper's codec.

    Lesson: notebooks/04_three_levels.ipynb
    """

    level: int  # 0 = bottom
    hop_length: int  # samples per code, at 44.1 kHz
    without_restart_db: float  # dB; codebooks without restart of dead codes
    db: float  # dB; codebooks with restart, as released


CONVERGENCE: tuple[PaperConvergence, ...] = (
    PaperConvergence(0, 8, -21.1, -23.0),
    PaperConvergence(1, 32, -12.4, -12.4),
    PaperConvergence(2, 128, -8.3, -8.3),
)
"""Index = level."""


@dataclass(frozen=True)
class PaperAblation:
    """Spectral convergence of one level with one thing changed.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    table: int  # of the paper
    level: int  # 0 = bottom
    variant: str  # what the codec is like
    db: float  # dB; lower is better, silence has 0


# Tables 5 and 6. Table 4, without and with restarts of dead codes, is `CONVERGENCE`.
ABLATIONS: tuple[PaperAblation, ...] = (
    PaperAblation(5, 0, "256 codes", -15.9),
    PaperAblation(5, 0, "2048 codes", -23.0),
    PaperAblation(5, 0, "no quantization", -40.5),
    PaperAblation(6, 2, "full model", -8.3),
    PaperAblation(6, 2, "without spectral loss", -6.3),
    PaperAblation(6, 2, "one shared autoencoder", 2.9),
)
