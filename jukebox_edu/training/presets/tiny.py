"""The bundled model: 16 kHz, hops 16, 64 and 256, two to three hours on two CPU cores.

What
    `tiny` is its shape; `tiny_listener`, `tiny_codec` and `tiny_prior` are the settings that it
    was trained with.
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
from jukebox_edu.training.listener import ListenerTraining
from jukebox_edu.training.presets.preset import Preset
from jukebox_edu.training.prior_loop import PriorTraining
from jukebox_edu.training.vqvae_loop import VQVAETraining

LICENCE = "CC-BY-4.0 (weights and what they generate; voices derived from CMU voices, see CREDITS)"


def tiny(name: str, n_artists: int, n_genres: int) -> ModelConfig:
    """The bundled model: 16 kHz, hops 16, 64 and 256, small enough to train on two CPU cores.

    Parameters
    ----------
    name
        For example "tiny-1".
    n_artists, n_genres
        Rows of the label tables, "unknown" included.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    vqvae = VQVAEConfig(
        sample_rate=16000,
        downs=(1, 1, 1),
        strides=(16, 4, 4),
        emb_width=32,  # the last layer's channels at full rate: halves the cost of 64
        codebook_size=512,
        width=32,
        depth=2,
        multipliers=(2, 2, 2),
        codebook_decay=0.95,
        relative_revival=0.1,
        losses=LossConfig(
            kind="l2",
            commit=0.02,
            multispectral=1.0,
            hops=(480, 240, 100),  # half as many spectra as in the paper, to save time
        ),
    )

    def labels(timing: bool) -> LabelConfig:
        return LabelConfig(
            version="tiny",
            n_genres=n_genres,
            n_artists=n_artists,
            timing_bins=64,
            min_duration=4.0,
            max_duration=90.0,
            timing=timing,
        )

    top = PriorConfig(
        level=2,
        n_ctx=640,
        codebook_size=512,
        hop_length=256,
        sample_rate=16000,
        transformer=TransformerConfig(
            width=192, depth=8, heads=4, attn_order=6, blocks=20, m_attn=1.0, m_mlp=2.0
        ),
        labels=labels(True),
        lyrics=LyricConfig(
            n_tokens=128,
            vocab_size=79,
            loss_fraction=0.4,
            encoder=TransformerConfig(width=128, depth=5, heads=4, attn_order=0),
            both_ways=True,  # ours: Jukebox's own encoder learns to spell far more slowly
            ahead=0,
        ),
        merged_decoder=True,
        hop_fraction=0.25,
        alignment_layer=3,
        alignment_head=0,
        temperature=0.7,  # likely codes keep the tune a little better
        guidance=1.5,
        guide_names=True,
    )
    return ModelConfig(name, vqvae, (_upsampler(0, labels), _upsampler(1, labels), top), LICENCE)


def _upsampler(level: int, labels: object) -> PriorConfig:
    return PriorConfig(
        level=level,
        n_ctx=512,
        codebook_size=512,
        hop_length=(16, 64)[level],
        sample_rate=16000,
        transformer=TransformerConfig(
            width=128, depth=6, heads=2, attn_order=2, blocks=16, m_attn=1.0, m_mlp=2.0
        ),
        labels=labels(False),  # type: ignore[operator]
        conditioner=ConditionerConfig(
            down=1, stride=4, width=96, depth=4, dilation_growth=3, dilation_cycle=4
        ),
        merged_decoder=True,
        hop_fraction=0.5,
        temperature=(0.85, 0.95)[level],
    )


CODEC_STEPS = {2: 5000, 1: 7000, 0: 5500}  # optimizer steps of each level
HEARD = {2: 0.05, 1: 0.2, 0: 0.15}  # weight of what the listener hears in a level's sound
PHONE = {2: 1.0, 1: 1.0, 0: 0.0}  # weight of the phone head on a level's vectors
PRIOR_STEPS = {2: 4800, 1: 5000, 0: 8000}


def tiny_codec(level: int | None) -> VQVAETraining:
    """Settings of one level of the codec, or of all together.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    steps = CODEC_STEPS.get(2 if level is None else level, CODEC_STEPS[2])
    phone = PHONE[2 if level is None else level]
    log_mel = 2.0 if level in (0, 1) else 1.0  # what is soft counts, too
    return VQVAETraining(steps, level=level, phone=phone, log_mel=log_mel, precision="bfloat16")


def tiny_listener(effort: float = 1.0) -> ListenerTraining:
    """Settings of the listener that helps the codec.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    return ListenerTraining(steps=max(1, int(1200 * effort)))


def tiny_prior(level: int) -> PriorTraining:
    """Settings of one prior; the top one is helped to find and to use the words.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    steps = PRIOR_STEPS.get(level, PRIOR_STEPS[2])
    if level < 2:
        return PriorTraining(steps)
    return PriorTraining(
        steps, aided_layers=(3, 7), phone=1.0, spelled=0.5, hide=0.3, from_start=0.7,
        blank_lyrics=0.15, blank_names=0.6, evaluate_every=500,
    )  # fmt: skip


TINY = Preset(
    "tiny",
    "three levels at 16 kHz, two to three hours on two CPU cores",
    tiny("tiny", 2, 2).vqvae,
    lambda n_artists, n_genres: tiny("tiny", n_artists, n_genres).priors,
    tiny_codec,
    tiny_prior,
    sized_by_names=True,
)
