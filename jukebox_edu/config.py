"""Configurations: what a model is made of, as frozen dataclasses.

What
    `VQVAEConfig` describes the codec (audio <-> codes), `PriorConfig` one Transformer over the
    codes of one level, `ModelConfig` a codec with its priors. `released.py` beside this file holds
    the shapes of OpenAI's released models in the same terms.
Conventions
    Level 0 is the bottom (finest) level. Per-level tuples are indexed by level, bottom first.
    Nothing here touches torch; a configuration survives the way to JSON and back.
Paper: [Jukebox §3, §4, appendix B]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass, field
from typing import Any

from jukebox_edu import units
from jukebox_edu.errors import ConfigError, must


def _require(condition: bool, argument: str, given: Any, allowed: str, advice: str = "") -> None:
    if not condition:
        raise ConfigError(must(argument, given, allowed, advice))


def _positive(owner: Any, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        _require(isinstance(value, int) and value > 0, name, value, "a positive whole number")


@dataclass(frozen=True)
class LossConfig:
    """Weights and resolutions of the VQ-VAE's training losses [Jukebox §3]."""

    kind: str = "lmix"  # reconstruction loss on samples: "l1", "l2", "linf" or "lmix"
    l1: float = 0.0  # weight of l1 inside "lmix"
    l2: float = 1.0  # weight of l2 inside "lmix"
    linf: float = 0.02  # weight of linf inside "lmix"
    linf_k: int = 2048  # how many of the largest squared errors linf averages (samples)
    commit: float = 0.02  # weight of the commitment loss (beta in the paper)
    spectral: float = 0.0  # weight of the single-resolution spectral loss
    multispectral: float = 1.0  # weight of the multi-resolution spectral loss
    relative_spectral: bool = False  # True: the single-resolution term is spectral convergence
    n_ffts: tuple[int, ...] = (2048, 1024, 512)  # samples
    hops: tuple[int, ...] = (240, 120, 50)  # samples
    windows: tuple[int, ...] = (1200, 600, 240)  # samples

    def __post_init__(self) -> None:
        """Check the values."""
        kinds = ("l1", "l2", "linf", "lmix")
        _require(self.kind in kinds, "kind", self.kind, f"one of {kinds}")
        same = len(self.n_ffts) == len(self.hops) == len(self.windows)
        _require(same, "n_ffts", self.n_ffts, "as long as hops and windows")
        _positive(self, "linf_k")


@dataclass(frozen=True)
class VQVAEConfig:
    """Shape of the three-level codec [Jukebox §3].

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    sample_rate: int = 44100  # samples per second
    downs: tuple[int, ...] = (3, 2, 2)  # strided convolutions per level block
    strides: tuple[int, ...] = (2, 2, 2)  # stride of each of them
    emb_width: int = 64  # channels of one codebook vector
    codebook_size: int = 2048  # codes per level
    width: int = 32  # channels inside the residual stacks
    depth: int = 4  # residual blocks per stack
    multipliers: tuple[int, ...] = (2, 1, 1)  # per level, scales both width and depth
    m_conv: float = 1.0  # hidden width of a residual block / its width
    dilation_growth: int = 3  # dilation of residual block j is growth ** j
    dilation_cycle: int | None = None  # j restarts after this many blocks
    reverse_decoder_dilation: bool = True  # decoders go from the largest dilation to 1
    codebook_decay: float = 0.99  # gamma of the exponential moving averages
    revival_threshold: float = 1.0  # codes used less than this (EMA rows per step) restart
    relative_revival: float | None = None  # instead: fraction of the mean use per code
    losses: LossConfig = field(default_factory=LossConfig)

    def __post_init__(self) -> None:
        """Check the values."""
        _positive(self, "sample_rate", "emb_width", "codebook_size", "width", "depth")
        _positive(self, "dilation_growth")
        for name in ("downs", "strides", "multipliers"):
            values = getattr(self, name)
            ok = len(values) == self.levels and all(isinstance(v, int) and v > 0 for v in values)
            _require(ok, name, values, f"{self.levels} positive whole numbers, one per level")
        _require(
            0.0 < self.codebook_decay < 1.0, "codebook_decay", self.codebook_decay, "in (0, 1)"
        )

    @property
    def levels(self) -> int:
        """Number of levels."""
        return len(self.downs)

    @property
    def hop_lengths(self) -> tuple[int, ...]:
        """Samples per code of each level, bottom first."""
        return units.hop_lengths(self.downs, self.strides)


@dataclass(frozen=True)
class TransformerConfig:
    """Shape of one stack of attention layers [Jukebox §4, appendix A].

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    width: int  # channels of the residual stream
    depth: int  # layers
    heads: int = 1  # attention heads
    attn_order: int | tuple[int, ...] = 0  # a named order 0..12, or the pattern of every layer
    blocks: int | None = None  # rows the context is cut into (None: one)
    spread: int | None = None  # positions per row that pattern 5 summarizes
    m_attn: float = 0.25  # attention state width / width
    m_mlp: float = 1.0  # hidden width of the MLP / width
    init_scale: float = 1.0  # scale of the initial weights
    res_scale: bool = False  # divide each layer's contribution by depth
    zero_out: bool = False  # start output projections at zero

    def __post_init__(self) -> None:
        """Check the values."""
        _positive(self, "width", "depth", "heads")
        advice = "Change heads, width or m_attn."
        _require(
            self.state_width % self.heads == 0,
            "heads",
            self.heads,
            f"a divisor of the attention state width {self.state_width}",
            advice,
        )
        if isinstance(self.attn_order, tuple):
            ok = len(self.attn_order) == self.depth and set(self.attn_order) <= set(range(8))
            _require(ok, "attn_order", self.attn_order, f"{self.depth} patterns from 0 to 7")
        else:
            _require(0 <= self.attn_order <= 12, "attn_order", self.attn_order, "from 0 to 12")

    @property
    def state_width(self) -> int:
        """Channels of queries, keys and values together over all heads."""
        return int(self.m_attn * self.width)

    @property
    def mlp_width(self) -> int:
        """Hidden channels of the MLP."""
        return int(self.m_mlp * self.width)


@dataclass(frozen=True)
class ConditionerConfig:
    """Shape of the convolutional conditioner over the level above [Jukebox §4].

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    down: int = 2  # strided convolutions of the upper level (as in the VQ-VAE)
    stride: int = 2  # their stride
    width: int = 128  # channels inside the residual stacks
    depth: int = 3  # residual blocks per stack
    m_conv: float = 1.0  # hidden width of a residual block / its width
    dilation_growth: int = 1  # dilation of residual block j is growth ** j
    dilation_cycle: int | None = None  # j restarts after this many blocks
    res_scale: bool = False  # scale residual branches by 1/sqrt(depth)
    init_scale: float | None = None  # of the code embedding; None: that of the prior

    @property
    def factor(self) -> int:
        """Codes of this level per code of the level above."""
        return self.stride**self.down


@dataclass(frozen=True)
class LabelConfig:
    """What a prior is told of artist, genre and time [Jukebox §4.1].

    Lesson: notebooks/07_style_and_time.ipynb
    """

    version: str = "v3"  # text rules: "v2" (genre is a bag of words), "v3", or "tiny" (ours)
    n_genres: int = 10  # rows of the genre table
    n_artists: int = 100  # rows of the artist table
    max_genres: int = 1  # genre slots per song
    timing_bins: int = 64  # rows of each timing table
    min_duration: float = 0.0  # shortest song, seconds
    max_duration: float = 600.0  # songs are shorter than this, seconds
    timing: bool = True  # False: artist and genre only (priors with a level above)

    def __post_init__(self) -> None:
        """Check the values."""
        allowed = ("v2", "v3", "tiny")
        _require(self.version in allowed, "version", self.version, f"one of {allowed}")
        _positive(self, "n_genres", "n_artists", "max_genres", "timing_bins")
        if self.timing:
            _require(
                0 <= self.min_duration < self.max_duration,
                "min_duration",
                self.min_duration,
                f"from 0 to below max_duration={self.max_duration}",
            )


@dataclass(frozen=True)
class LyricConfig:
    """How lyrics reach the prior [Jukebox §4.2].

    `encoder` is the Transformer of the separate design (5b_lyrics): lyric states are attended to
    by the layers of pattern 6. Without it lyrics and codes form one sequence (1b_lyrics).

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    n_tokens: int  # lyric characters seen at once
    vocab_size: int = 79  # symbols, id 0 is unknown/padding
    loss_fraction: float = 0.4  # weight of the lyric loss
    encoder: TransformerConfig | None = None  # None: single-sequence design
    both_ways: bool = False  # ours, not Jukebox's: convolutions that see what follows, too
    ahead: int = 1  # in training, the state to look at is so many places after its character

    def __post_init__(self) -> None:
        """Check the values."""
        _positive(self, "n_tokens", "vocab_size")
        fits = not self.both_ways or self.encoder is not None
        _require(fits, "both_ways", self.both_ways, "False where there is no encoder")
        _require(0 <= self.ahead < 16, "ahead", self.ahead, "from 0 to 15 characters")
        _require(self.n_tokens % 2 == 0, "n_tokens", self.n_tokens, "even")


@dataclass(frozen=True)
class PriorConfig:
    """One autoregressive Transformer over the codes of one level [Jukebox §4].

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """

    level: int  # 0 = bottom
    n_ctx: int  # window length in codes
    codebook_size: int  # codes to choose from
    hop_length: int  # samples per code of this level
    sample_rate: int  # samples per second
    transformer: TransformerConfig
    labels: LabelConfig | None = None  # None: no labels, a learned start token instead
    lyrics: LyricConfig | None = None  # None: no lyrics
    conditioner: ConditionerConfig | None = None  # None: top level
    merged_decoder: bool = False  # True: output head of its own, upper codes added once
    fp16_matrices: bool = False  # the released file stores its matrices in float16
    hop_fraction: float = 0.5  # default hop between windows / n_ctx
    alignment_layer: int | None = None  # layer whose attention follows the lyrics
    alignment_head: int | None = None  # its head
    temperature: float = 0.99  # default sampling temperature
    guidance: float = 1.0  # default strength of guidance by the lyrics (1: off)
    guide_names: bool = False  # ours: guidance pushes artist and genre, too

    def __post_init__(self) -> None:
        """Check the values."""
        _positive(self, "n_ctx", "codebook_size", "hop_length", "sample_rate")
        pushed = not self.guide_names or self.lyrics is not None
        _require(pushed, "guide_names", self.guide_names, "False where there are no lyrics")
        told = self.lyrics is None or self.labels is not None
        _require(told, "labels", self.labels, "set where there are lyrics")
        _require(0 < self.hop_fraction <= 1, "hop_fraction", self.hop_fraction, "in (0, 1]")
        rows = self.transformer.blocks or 1
        advice = "Choose blocks so that it divides the sequence."
        _require(
            self.sequence_length % rows == 0,
            "blocks",
            rows,
            f"a divisor of the sequence length {self.sequence_length}",
            advice,
        )
        if self.conditioner is not None:
            _require(
                self.n_ctx % self.conditioner.factor == 0,
                "n_ctx",
                self.n_ctx,
                f"a multiple of the conditioner's factor {self.conditioner.factor}",
            )

    @property
    def window_samples(self) -> int:
        """Samples covered by one window."""
        return self.n_ctx * self.hop_length

    @property
    def single_sequence(self) -> bool:
        """Whether lyrics and codes form one sequence."""
        return self.lyrics is not None and self.lyrics.encoder is None

    @property
    def sequence_length(self) -> int:
        """Positions of the music Transformer, lyrics included in the single-sequence design."""
        return self.n_ctx + (self.lyrics.n_tokens if self.single_sequence and self.lyrics else 0)


@dataclass(frozen=True)
class ModelConfig:
    """A codec and its priors, bottom first.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    name: str  # e.g. "tiny-1"
    vqvae: VQVAEConfig
    priors: tuple[PriorConfig, ...]  # index = level
    licence: str = ""  # licence of the weights, for provenance
    format_version: int = 1  # of the folder this configuration lives in

    def __post_init__(self) -> None:
        """Check that codec and priors fit together."""
        levels = self.vqvae.levels
        _require(len(self.priors) == levels, "priors", len(self.priors), f"{levels}, one per level")
        for level, prior in enumerate(self.priors):
            _require(prior.level == level, f"priors[{level}].level", prior.level, f"{level}")
            hop = self.vqvae.hop_lengths[level]
            _require(
                prior.hop_length == hop, f"priors[{level}].hop_length", prior.hop_length, f"{hop}"
            )


def to_json_dict(config: Any) -> dict[str, Any]:
    """Turn a configuration dataclass into plain JSON types.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    return dataclasses.asdict(config)


def from_json_dict(kind: type, data: Any) -> Any:
    """Rebuild a configuration dataclass of type `kind` from `to_json_dict`'s output.

    Raises
    ------
    ConfigError
        If a key is unknown, a required one is missing, or a value is not allowed.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if not isinstance(data, dict):
        raise ConfigError(must(kind.__name__, data, "a JSON object"))
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(data) - set(hints))
    _require(
        not unknown,
        kind.__name__,
        unknown,
        "free of unknown keys",
        "Was it written by a newer version?",
    )
    try:
        return kind(**{name: _rebuild(hints[name], value) for name, value in data.items()})
    except TypeError as error:
        raise ConfigError(
            f"{kind.__name__} cannot be built from {sorted(data)}: {error}."
        ) from None


def _rebuild(hint: Any, value: Any) -> Any:
    """Restore tuples and nested dataclasses that JSON turned into lists and objects."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if dataclasses.is_dataclass(option) and isinstance(value, dict):
            return from_json_dict(option, value)  # type: ignore[arg-type]
        if typing.get_origin(option) is tuple and isinstance(value, list | tuple):
            item = typing.get_args(option)[0]
            return tuple(_rebuild(item, v) for v in value)
    return value
