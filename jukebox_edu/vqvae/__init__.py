"""The codec: a VQ-VAE of several levels between audio and codes [Jukebox §3].

Read in this order: `bottleneck` (a sound becomes integers), `encoder`, `decoder`, `losses`,
`model` (all of it together), `result` (what training returns), `bandwidth`
(statistics of the data).
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from jukebox_edu.vqvae.bandwidth import measure_bandwidth
from jukebox_edu.vqvae.bottleneck import Codebook, CodebookMetrics, Quantised
from jukebox_edu.vqvae.losses import Bandwidth
from jukebox_edu.vqvae.model import VQVAE
from jukebox_edu.vqvae.result import LevelLoss, VQVAELoss

__all__ = [
    "VQVAE",
    "Bandwidth",
    "Codebook",
    "CodebookMetrics",
    "LevelLoss",
    "Quantised",
    "VQVAELoss",
    "measure_bandwidth",
]
