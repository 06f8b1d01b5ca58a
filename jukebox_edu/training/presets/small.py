"""The release's small models for training at home, on one graphics card.

What
    Shapes are those of `jukebox_edu.released`. `small_vqvae`, `small_prior` and `small_upsampler`
    belong together; the priors with labels or lyrics are top levels over the released codec.
    Optimizer, clipping, warm-up and averaging are the original's; the number of steps is ours, a
    day or so of work.
Paper: [Jukebox appendix B]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from jukebox_edu import released
from jukebox_edu.config import PriorConfig, VQVAEConfig
from jukebox_edu.training.averaging import usual_average
from jukebox_edu.training.presets.preset import Preset
from jukebox_edu.training.prior_loop import PriorTraining
from jukebox_edu.training.vqvae_loop import VQVAETraining

STEPS = 100_000
SAVE_EVERY = 500  # steps


def small_codec(level: int | None) -> VQVAETraining:
    """Settings of `small_vqvae`: all levels together, clips of 11.9 seconds.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    return VQVAETraining(
        STEPS,
        level=level,
        clip=262_144,
        batch=4,
        optimiser="jukebox",
        learning_rate=3e-4,
        betas=(0.9, 0.999),
        weight_decay=0.0,
        schedule="constant",
        warmup=100,
        average=usual_average(4),
        log_mel=0.0,
        blend=True,
        save_every=SAVE_EVERY,
    )


def small_prior(level: int) -> PriorTraining:
    """Settings of every small prior: 4 windows, activations computed twice to save memory.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return PriorTraining(
        STEPS,
        batch=4,
        optimiser="jukebox",
        learning_rate=3e-4,
        betas=(0.9, 0.999),
        weight_decay=0.0,
        schedule="constant",
        warmup=100,
        average=usual_average(4),
        checkpoint=True,
        lyric_weight=None,
        blank_lyrics=0.0,
        hide=0.0,
        save_every=SAVE_EVERY,
    )


def _preset(name: str, about: str, codec: VQVAEConfig, *priors: PriorConfig | None) -> Preset:
    return Preset(name, about, codec, lambda a, g: priors, small_codec, small_prior)


_CODEC, _RELEASED = released.small_vqvae(), released.vqvae()
SMALL = (
    _preset("small_vqvae", "a codec of two levels at 22 kHz", _CODEC, None, None),
    _preset(
        "small_prior",
        "a top level without labels, for small_vqvae",
        _CODEC, None, released.small_prior(),
    ),
    _preset(
        "small_upsampler",
        "a bottom level for small_vqvae",
        _CODEC, released.small_upsampler(), None,
    ),
    _preset(
        "small_labelled_prior",
        "a top level with artist, genre and time, for the released codec",
        _RELEASED, None, None, released.small_labelled_prior(),
    ),
    _preset(
        "small_single_enc_dec_prior",
        "the same with lyrics in front of the codes",
        _RELEASED, None, None, released.small_single_enc_dec_prior(),
    ),
    _preset(
        "small_sep_enc_dec_prior",
        "the same with a lyric encoder",
        _RELEASED, None, None, released.small_sep_enc_dec_prior(),
    ),
)  # fmt: skip
