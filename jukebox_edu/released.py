"""The shapes of OpenAI's released models, and of the small ones meant for training at home.

What
    Numbers only: every function returns the configuration of one model. Nothing is downloaded or
    allocated here; `jukebox_edu.checkpoints` fills such shapes with weights.

        set         bottom               middle               top
        5b          upsampler_level_0    upsampler_level_1    prior_5b          (no lyrics)
        5b_lyrics   upsampler_level_0    upsampler_level_1    prior_5b_lyrics
        1b_lyrics   upsampler_level_0    upsampler_level_1    prior_1b_lyrics

    The `small_*` shapes have no released weights. `small_vqvae`, `small_prior` and
    `small_upsampler` belong together (two levels, 22 050 samples per second); the small priors with
    labels or lyrics are top levels over the released codec.
Conventions
    Level 0 is the bottom (finest) level; label tables are (genres, artists) of the list `version`.
Paper: [Jukebox appendix B, table 4]
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from dataclasses import replace

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

RELEASED_LICENCE = "Noncommercial Use License of OpenAI's Jukebox"


def vqvae() -> VQVAEConfig:
    """The released three-level codec: 8, 32 and 128 samples per code.

    Lesson: notebooks/04_three_levels.ipynb
    """
    return VQVAEConfig()


def _upsampler(level: int, *, res_scale: bool) -> PriorConfig:
    return PriorConfig(
        level=level,
        n_ctx=8192,
        codebook_size=2048,
        hop_length=vqvae().hop_lengths[level],
        sample_rate=44100,
        transformer=TransformerConfig(
            width=1920, depth=72, heads=1, attn_order=2, blocks=128, init_scale=0.4
        ),
        labels=LabelConfig(
            version="v2", n_genres=120, n_artists=4111, max_genres=5, timing_bins=64, timing=False
        ),
        conditioner=ConditionerConfig(
            down=2,
            stride=2,
            width=1024,
            depth=16,
            dilation_growth=3,
            dilation_cycle=8,
            res_scale=res_scale,
        ),
        hop_fraction=0.5,
    )


def upsampler_level_0() -> PriorConfig:
    """The released bottom-level upsampler (1 billion parameters).

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    return _upsampler(0, res_scale=False)


def upsampler_level_1() -> PriorConfig:
    """The released middle-level upsampler; unlike level 0 it scales its residual branches.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    return _upsampler(1, res_scale=True)


def _prior_5b(depth: int, order: int, min_duration: float) -> PriorConfig:
    return PriorConfig(
        level=2,
        n_ctx=8192,
        codebook_size=2048,
        hop_length=vqvae().hop_lengths[2],
        sample_rate=44100,
        transformer=TransformerConfig(
            width=4800, depth=depth, heads=8, attn_order=order, blocks=128, init_scale=0.1
        ),
        labels=LabelConfig(
            version="v2",
            n_genres=120,
            n_artists=4111,
            max_genres=5,
            timing_bins=128,
            min_duration=min_duration,
            max_duration=600.0,
        ),
        merged_decoder=True,
        fp16_matrices=True,
        hop_fraction=0.125,
    )


def prior_5b() -> PriorConfig:
    """The released top-level prior without lyrics (5 billion parameters).

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    return _prior_5b(depth=72, order=2, min_duration=60.0)


def prior_5b_lyrics() -> PriorConfig:
    """The released top-level prior with a separate lyric encoder (5.6 billion parameters).

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    base = _prior_5b(depth=79, order=10, min_duration=23.8)
    encoder = TransformerConfig(
        width=1280, depth=18, heads=4, attn_order=2, blocks=32, init_scale=0.7
    )
    lyrics = LyricConfig(n_tokens=512, vocab_size=80, loss_fraction=0.4, encoder=encoder)
    return replace(base, lyrics=lyrics, alignment_layer=68, alignment_head=2)


def prior_1b_lyrics() -> PriorConfig:
    """The released top-level prior that reads lyrics and codes as one sequence (0.9 billion).

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    return PriorConfig(
        level=2,
        n_ctx=6144,
        codebook_size=2048,
        hop_length=vqvae().hop_lengths[2],
        sample_rate=44100,
        transformer=TransformerConfig(
            width=2048, depth=72, heads=2, attn_order=12, blocks=64, init_scale=0.2
        ),
        labels=LabelConfig(
            version="v3",
            n_genres=604,
            n_artists=7898,
            max_genres=1,
            timing_bins=64,
            min_duration=17.84,
            max_duration=600.0,
        ),
        lyrics=LyricConfig(n_tokens=384, vocab_size=79, loss_fraction=0.4),
        hop_fraction=0.125,
        alignment_layer=63,
        alignment_head=0,
    )


def small_vqvae() -> VQVAEConfig:
    """A two-level codec for training at home: 32 and 256 samples per code.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return VQVAEConfig(
        sample_rate=22050,
        downs=(5, 3),
        strides=(2, 2),
        multipliers=(1, 1),
        codebook_size=1024,
        losses=LossConfig(kind="l2", l2=0.0, linf=0.0),
    )


def _small(
    codec: VQVAEConfig, level: int, n_ctx: int, transformer: TransformerConfig
) -> PriorConfig:
    return PriorConfig(
        level=level,
        n_ctx=n_ctx,
        codebook_size=codec.codebook_size,
        hop_length=codec.hop_lengths[level],
        sample_rate=codec.sample_rate,
        transformer=transformer,
        hop_fraction=0.125 if level == codec.levels - 1 else 0.5,
    )


def _small_stack(depth: int = 48, heads: int = 1, order: int = 2) -> TransformerConfig:
    return TransformerConfig(
        width=1024, depth=depth, heads=heads, attn_order=order, blocks=64, init_scale=0.7
    )


def small_prior() -> PriorConfig:
    """A top-level prior without labels (161 million parameters).

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return _small(small_vqvae(), 1, 8192, _small_stack())


def _small_labels() -> LabelConfig:
    return LabelConfig(version="v3", n_genres=10, n_artists=100, max_genres=1, timing_bins=64,
                       min_duration=60.0, max_duration=600.0)  # fmt: skip


def small_labelled_prior() -> PriorConfig:
    """A small top-level prior with artist, genre and timing, over the released codec.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return replace(_small(vqvae(), 2, 8192, _small_stack()), labels=_small_labels())


def small_single_enc_dec_prior() -> PriorConfig:
    """A small prior that reads lyrics and codes as one sequence.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    base = _small(vqvae(), 2, 6144, _small_stack(heads=2, order=12))
    lyrics = LyricConfig(n_tokens=384, vocab_size=79, loss_fraction=0.4)
    return replace(base, labels=_small_labels(), lyrics=lyrics)


def small_sep_enc_dec_prior() -> PriorConfig:
    """A small prior with a separate lyric encoder.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    base = _small(vqvae(), 2, 6144, _small_stack(depth=50, heads=2, order=8))
    encoder = TransformerConfig(
        width=256, depth=9, heads=2, attn_order=2, blocks=32, init_scale=0.7
    )
    lyrics = LyricConfig(n_tokens=384, vocab_size=79, loss_fraction=0.4, encoder=encoder)
    return replace(base, labels=_small_labels(), lyrics=lyrics)


def small_upsampler() -> PriorConfig:
    """The upsampler of the small models: 8 codes per code above (218 million parameters).

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    conditioner = ConditionerConfig(
        down=3, stride=2, width=512, depth=16, dilation_growth=3, dilation_cycle=8
    )
    return replace(_small(small_vqvae(), 0, 8192, _small_stack()), conditioner=conditioner)


def _model_set(name: str, top: PriorConfig) -> ModelConfig:
    priors = (upsampler_level_0(), upsampler_level_1(), top)
    return ModelConfig(name=name, vqvae=vqvae(), priors=priors, licence=RELEASED_LICENCE)


#: The released sets: a codec and its three priors, bottom first.
MODEL_SETS: dict[str, ModelConfig] = {
    "5b": _model_set("5b", prior_5b()),
    "5b_lyrics": _model_set("5b_lyrics", prior_5b_lyrics()),
    "1b_lyrics": _model_set("1b_lyrics", prior_1b_lyrics()),
}
