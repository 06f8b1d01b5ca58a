"""The smallest model worth hearing: 8 kHz, hops 8, 32 and 128, minutes on one CPU core.

What
    For a lesson: everything of the real thing is there, and nothing takes longer than a coffee.
    Words cannot be understood; pitch, rhythm and the alignment of the lyrics can be seen.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from jukebox_edu.config import (
    ConditionerConfig,
    LabelConfig,
    LossConfig,
    LyricConfig,
    ModelConfig,
    PriorConfig,
    TransformerConfig,
    VQVAEConfig,
)
from jukebox_edu.training.presets.preset import Preset
from jukebox_edu.training.prior_loop import PriorTraining
from jukebox_edu.training.vqvae_loop import VQVAETraining

RATE = 8000  # samples per second
CODEC_STEPS = 400  # of one level
PRIOR_STEPS = 600


def nano(name: str, n_artists: int, n_genres: int) -> ModelConfig:
    """Shape of the model.

    Parameters
    ----------
    name
        For example "nano-0".
    n_artists, n_genres
        Rows of the label tables, "unknown" included.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    vqvae = VQVAEConfig(
        sample_rate=RATE,
        downs=(1, 1, 1),
        strides=(8, 4, 4),
        emb_width=32,
        codebook_size=256,
        width=32,
        depth=2,
        multipliers=(1, 1, 1),
        codebook_decay=0.95,
        relative_revival=0.1,
        losses=LossConfig(kind="l2", commit=0.02, multispectral=1.0),
    )

    def labels(timing: bool) -> LabelConfig:
        return LabelConfig(
            version="tiny",
            n_genres=n_genres,
            n_artists=n_artists,
            timing_bins=32,
            min_duration=2.0,
            max_duration=60.0,
            timing=timing,
        )

    def upsampler(level: int) -> PriorConfig:
        stack = TransformerConfig(
            width=96, depth=3, heads=2, attn_order=2, blocks=16, m_attn=1.0, m_mlp=2.0
        )
        conditioner = ConditionerConfig(down=1, stride=4, width=64, depth=3, dilation_growth=3)
        return PriorConfig(
            level=level,
            n_ctx=256,
            codebook_size=256,
            hop_length=(8, 32)[level],
            sample_rate=RATE,
            transformer=stack,
            labels=labels(False),
            conditioner=conditioner,
            merged_decoder=True,
            temperature=0.95,
        )

    return ModelConfig(name, vqvae, (upsampler(0), upsampler(1), _top(labels(True))))


def _top(labels: LabelConfig) -> PriorConfig:
    encoder = TransformerConfig(width=96, depth=2, heads=2, m_attn=1.0, m_mlp=2.0)
    return PriorConfig(
        level=2,
        n_ctx=256,  # 4.1 seconds
        codebook_size=256,
        hop_length=128,
        sample_rate=RATE,
        transformer=TransformerConfig(
            width=128, depth=4, heads=4, attn_order=6, blocks=16, m_attn=1.0, m_mlp=2.0
        ),
        labels=labels,
        lyrics=LyricConfig(n_tokens=48, encoder=encoder),
        merged_decoder=True,
        hop_fraction=0.25,
        alignment_layer=3,
        alignment_head=0,
        temperature=1.0,
        guidance=1.5,
    )


def nano_codec(level: int | None) -> VQVAETraining:
    """Settings of one level of the codec, or of all together.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    return VQVAETraining(
        CODEC_STEPS, level=level, clip=8192, warmup=50, phone=0.0 if level in (0, 1) else 1.0
    )


def nano_prior(level: int) -> PriorTraining:
    """Settings of one prior.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return PriorTraining(PRIOR_STEPS, warmup=50, aided_layers=(3,) if level == 2 else ())


NANO = Preset(
    "nano",
    "three levels at 8 kHz, minutes on one CPU core",
    nano("nano", 2, 2).vqvae,
    lambda n_artists, n_genres: nano("nano", n_artists, n_genres).priors,
    nano_codec,
    nano_prior,
    sized_by_names=True,
)
