"""One tensor, three names: ours, the released files', and the Hugging Face port's.

What
    The released files name a tensor by its place in lists (`encoders.0.level_blocks.0.model.1.0`),
    ours by what it does (`encoders.0.blocks.0.steps.1.conv`), the port by a mixture. No tensor is
    transposed or split between the three, so that renaming is all a conversion has to do. The
    functions below walk a configuration from the outside in and write the three names down side by
    side; `vqvae_names` and `prior_names` return the finished tables.
Conventions
    The port's names are those inside one model; a whole port file prefixes them with `vqvae.` or
    `priors.{k}.`, where k = 0 is the *top* level.
Paper: [Jukebox §3, §4]
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jukebox_edu.config import ConditionerConfig, PriorConfig, TransformerConfig, VQVAEConfig
from jukebox_edu.transformer.patterns import layer_patterns


@dataclass(frozen=True)
class Names:
    """The names of one tensor, or of one part of a model that holds tensors.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    ours: str
    released: str
    port: str  # of the Hugging Face port

    def __truediv__(self, inner: Names) -> Names:
        """Names of a part inside this one, joined by dots."""
        return Names(
            _join(self.ours, inner.ours),
            _join(self.released, inner.released),
            _join(self.port, inner.port),
        )


def _join(outer: str, inner: str) -> str:
    return f"{outer}.{inner}" if outer and inner else outer or inner


ROOT = Names("", "", "")
LYRIC_QUERY_PATTERN = 6  # this attention pattern has separate query and key/value matrices


def _same(name: str) -> Names:
    return Names(name, name, name)


def _weight_and_bias(part: Names) -> Iterator[Names]:
    yield part / _same("weight")
    yield part / _same("bias")


def _pointwise(part: Names) -> Iterator[Names]:
    """A pointwise linear layer: the released files call its two tensors w and b."""
    yield part / Names("weight", "w", "weight")
    yield part / Names("bias", "b", "bias")


def _residual_stack(part: Names, depth: int, infix: str) -> Iterator[Names]:
    for j in range(depth):
        layer = part / Names(f"layers.{j}", f"{infix}.{j}.model", f"resnet_block.{j}")
        yield from _weight_and_bias(layer / Names("dilated", "1", "conv1d_1"))
        yield from _weight_and_bias(layer / Names("pointwise", "3", "conv1d_2"))


def _downsample_block(part: Names, down: int, depth: int) -> Iterator[Names]:
    for i in range(down):
        conv = Names(f"steps.{i}.conv", f"model.{i}.0", f"downsample_block.{2 * i}")
        residual = Names(f"steps.{i}.residual", f"model.{i}.1", f"downsample_block.{2 * i + 1}")
        yield from _weight_and_bias(part / conv)
        yield from _residual_stack(part / residual, depth, "model")
    yield from _weight_and_bias(part / Names("leave", f"model.{down}", "proj_out"))


def _upsample_block(part: Names, down: int, depth: int, infix: str) -> Iterator[Names]:
    yield from _weight_and_bias(part / Names("enter", "model.0", "proj_in"))
    for i in range(down):
        residual = Names(f"steps.{i}.residual", f"model.{i + 1}.0", f"upsample_block.{2 * i}")
        conv = Names(f"steps.{i}.conv", f"model.{i + 1}.1", f"upsample_block.{2 * i + 1}")
        yield from _residual_stack(part / residual, depth, infix)
        yield from _weight_and_bias(part / conv)


def vqvae_names(config: VQVAEConfig) -> tuple[Names, ...]:
    """All tensors of a codec under their three names.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb

    >>> vqvae_names(VQVAEConfig())[0].released
    'encoders.0.level_blocks.0.model.0.0.weight'
    """
    return tuple(_vqvae(config))


def _vqvae(config: VQVAEConfig) -> Iterator[Names]:
    for level, multiplier in enumerate(config.multipliers):
        depth = config.depth * multiplier
        encoder, decoder = _same(f"encoders.{level}"), _same(f"decoders.{level}")
        for b in range(level + 1):
            block = Names(f"blocks.{b}", f"level_blocks.{b}", f"level_blocks.{b}")
            # A decoder runs from its own level down, and its stored blocks are numbered that way.
            yield from _downsample_block(encoder / block, config.downs[b], depth)
            yield from _upsample_block(decoder / block, config.downs[b], depth, "model")
        yield from _weight_and_bias(decoder / _same("out"))
        yield Names(
            f"bottleneck.codebooks.{level}.vectors",
            f"bottleneck.level_blocks.{level}.k",
            f"bottleneck.level_blocks.{level}.codebook",
        )


def _transformer(part: Names, config: TransformerConfig) -> Iterator[Names]:
    for i, pattern in enumerate(layer_patterns(config.attn_order, config.depth)):
        layer = part / Names(f"layers.{i}", f"_attn_mods.{i}", f"_attn_mods.{i}")
        attention = layer / Names("attention", "attn", "attn")
        if pattern == LYRIC_QUERY_PATTERN:
            yield from _pointwise(attention / Names("query", "c_attn", "c_attn"))
            yield from _pointwise(attention / Names("encoder_kv", "c_enc_kv", "c_enc_kv"))
        else:
            yield from _pointwise(attention / Names("qkv", "c_attn", "c_attn"))
        yield from _pointwise(attention / Names("out", "c_proj", "c_proj"))
        yield from _weight_and_bias(layer / Names("norm_attention", "ln_0", "layer_norm_0"))
        yield from _weight_and_bias(layer / Names("norm_mlp", "ln_1", "layer_norm_1"))
        yield from _pointwise(layer / Names("mlp.up", "mlp.c_fc", "mlp.c_fc"))
        yield from _pointwise(layer / Names("mlp.down", "mlp.c_proj", "mlp.c_proj"))


def _shell(
    part: Names, config: TransformerConfig, *, start_token: bool, head: bool
) -> Iterator[Names]:
    if start_token:
        yield part / _same("start_token")
    yield part / Names("token_embedding.weight", "x_emb.weight", "embed_tokens.weight")
    yield part / Names("position_embedding", "pos_emb.pos_emb", "pos_emb.pos_emb")
    yield from _transformer(part / _same("transformer"), config)
    if head:  # listed even where the head shares the embedding's tensor, as the files do
        yield part / Names("output.weight", "x_out.weight", "fc_proj_out.weight")


def prior_names(config: PriorConfig) -> tuple[Names, ...]:
    """All tensors of a prior under their three names.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    return tuple(_prior(config))


def _prior(config: PriorConfig) -> Iterator[Names]:
    music = Names("music", "prior", "prior")
    no_labels = config.labels is None
    yield from _shell(music, config.transformer, start_token=no_labels, head=True)
    if config.labels is not None:
        yield from _labels(config.labels.timing)
    if config.conditioner is not None:
        yield from _conditioner(config.conditioner)
    if config.lyrics is not None and config.lyrics.encoder is not None:
        encoder, both_ways = config.lyrics.encoder, config.lyrics.both_ways
        yield from (_lyric_convolutions if both_ways else _lyric_encoder)(encoder)


def _labels(timing: bool) -> Iterator[Names]:
    part = Names("label_conditioner", "y_emb", "metadata_embedding")
    yield part / Names("artist.weight", "artist_emb.emb.weight", "artist_emb.weight")
    yield part / Names("genre.weight", "bow_genre_emb.emb.weight", "bow_genre_emb.weight")
    if timing:
        for ours, released in (
            ("total_length", "total_length_emb"),
            ("absolute_position", "absolute_pos_emb"),
            ("relative_position", "relative_pos_emb"),
        ):
            table = Names(ours, f"{released}.emb", f"{released}.emb")
            yield part / table / _same("weight")


def _conditioner(config: ConditionerConfig) -> Iterator[Names]:
    part = Names("upper_conditioner", "conditioner_blocks.0", "conditioner_blocks")
    yield part / Names("embedding.weight", "x_emb.weight", "embed_tokens.weight")
    block = part / Names("block", "cond", "upsampler")
    yield from _upsample_block(block, config.down, config.depth, "blocks")
    yield from _weight_and_bias(part / Names("norm", "ln", "layer_norm"))


def _lyric_encoder(encoder: TransformerConfig) -> Iterator[Names]:
    part = Names("lyric_encoder", "", "encoder")
    shell = part / Names("shell", "prime_prior", "")
    yield from _shell(shell, encoder, start_token=True, head=False)
    yield from _pointwise(part / Names("project", "prime_state_proj", "proj_in"))
    yield from _weight_and_bias(part / Names("norm", "prime_state_ln", "final_layer_norm"))
    yield part / Names("output.weight", "prime_x_out.weight", "lm_head.weight")


def _lyric_convolutions(encoder: TransformerConfig) -> Iterator[Names]:
    """Ours alone: no other format has them, and none is written with them."""
    part = _same("lyric_encoder")
    yield part / _same("token_embedding.weight")
    yield part / _same("position_embedding")
    for block in range(encoder.depth):
        for step in ("dilated", "pointwise"):
            yield from _weight_and_bias(part / _same(f"stack.layers.{block}.{step}"))
    yield from _weight_and_bias(part / _same("project"))
    yield from _weight_and_bias(part / _same("norm"))


def canonical(name: str) -> str:
    """The usual form of a released name.

    Drops the prefix of distributed training, and undoes the one name that depends on a training
    option: residual stacks are called `blocks` where gradient checkpointing was on and `model`
    where it was off. Released conditioners have the former, codecs the latter.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb

    >>> canonical("module.conditioner_blocks.0.cond.model.1.0.model.3.model.1.weight")
    'conditioner_blocks.0.cond.model.1.0.blocks.3.model.1.weight'
    """
    name = name.removeprefix("module.")
    usual = "blocks" if name.startswith("conditioner_blocks.") else "model"
    return _RESIDUAL.sub(rf"\1{usual}\2", name)


_RESIDUAL = re.compile(r"(\.model\.\d+\.[01]\.)(?:blocks|model)(\.\d+\.model\.[13]\.)")
HALF_PRECISION_ENDING = ".w"  # what a released file stores in float16 if `fp16_matrices`
