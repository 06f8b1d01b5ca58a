"""The paper's own models and settings, for whoever has its 256 graphics cards.

What
    A reference more than an offer: the VQ-VAE took 256 cards for three days, the top prior 512 for
    four weeks. `paper` holds the 5b models without lyrics; the numbers are those of the paper's
    tables, batches over all cards together.
Paper: [Jukebox §5.1, appendix B, tables 4 to 6]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from jukebox_edu import released
from jukebox_edu.training.averaging import usual_average
from jukebox_edu.training.presets.preset import Preset
from jukebox_edu.training.prior_loop import PriorTraining
from jukebox_edu.training.vqvae_loop import VQVAETraining

SAVE_EVERY = 1000  # steps
# by level: steps, windows per step, peak rate, decay of the second moment, weight decay
_PRIORS = (
    (265_000, 192, 3e-4, 0.95, 0.01),
    (279_000, 184, 3e-4, 0.95, 0.01),
    (310_500, 512, 1.5e-4, 0.925, 0.002),
)


def paper_codec(level: int | None) -> VQVAETraining:
    """Settings of the released codec.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    return VQVAETraining(
        384_618,
        level=level,
        clip=393_216,  # 8.9 seconds
        batch=256,
        optimiser="jukebox",
        learning_rate=3e-4,
        betas=(0.9, 0.999),
        weight_decay=0.0,
        schedule="constant",
        warmup=100,
        average=usual_average(256),
        log_mel=0.0,
        blend=True,
        save_every=SAVE_EVERY,
    )


def paper_prior(level: int) -> PriorTraining:
    """Settings of the upsamplers and the top prior.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    steps, batch, rate, beta2, decay = _PRIORS[level]
    return PriorTraining(
        steps,
        batch=batch,
        optimiser="jukebox",
        learning_rate=rate,
        betas=(0.9, beta2),
        weight_decay=decay,
        schedule="constant",
        warmup=100,
        average=usual_average(batch),
        precision="float16",
        checkpoint=True,
        lyric_weight=None,
        blank_lyrics=0.0,
        hide=0.0,
        save_every=SAVE_EVERY,
    )


PAPER = Preset(
    "paper",
    "the released models' shapes and settings: hundreds of graphics cards",
    released.vqvae(),
    lambda n_artists, n_genres: (
        released.upsampler_level_0(),
        released.upsampler_level_1(),
        released.prior_5b(),
    ),
    paper_codec,
    paper_prior,
)
