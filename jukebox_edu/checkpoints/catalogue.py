"""The released files: where they are, how large they are, and whose licence they carry.

What
    OpenAI released six files of weights and four lists of names. Three models are made of them:

        model       level 0              level 1              level 2 (top)     lists
        5b          upsampler_level_0    upsampler_level_1    prior_5b          v2
        5b_lyrics   upsampler_level_0    upsampler_level_1    prior_5b_lyrics   v2
        1b_lyrics   upsampler_level_0    upsampler_level_1    prior_1b_lyrics   v2 and v3

    and all three share one `vqvae`. Nothing of this is bundled: the lists are data of the release,
    under its licence, and come over the network (or from a folder) like the weights.
Addresses
    A file's address is a prefix (a host, or a folder on one) and its path in the release. The
    paths are those of the release. The prefixes below are by construction and were never tried:
    the first is the host the release names, the second the storage behind it; the lists are
    expected where the original program's repository keeps them. Hosts move. Give prefixes of your
    own as `mirrors=`, `--mirror`, or in the environment variable JUKEBOX_EDU_MIRROR (several are
    separated by spaces); they are used instead of the ones below, for every file.
Sizes
    Of weights, the bytes of their tensors are known; the file is a little larger, or half of it
    if somebody stored it in half precision. Sizes and checksums of the lists are exact.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.released import RELEASED_LICENCE

MIRROR_VARIABLE = "JUKEBOX_EDU_MIRROR"  # prefixes, separated by spaces
LICENCE_NOTICE = (
    "OpenAI released these weights, and the lists of names, for non-commercial use only "
    f"({RELEASED_LICENCE}). That holds for the music they generate, too."
)
KINDS = ("torch", "safetensors", "id_list", "index")
WEIGHT_PREFIXES = (
    "https://openaipublic.azureedge.net",
    "https://openaipublic.blob.core.windows.net",
)
LIST_PREFIXES = ("https://raw.githubusercontent.com/openai/jukebox/master",)
_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,120}[A-Za-z0-9_])?")
_SMALL = 16 * 10**6  # bytes; no list of names and no index is larger
_HUGE = 64 * 10**9  # bytes; no file of weights is larger


def _check_path(argument: str, path: str) -> None:
    """Refuse everything but plain names joined by `/`: no way leads out of a folder."""
    if not all(_PART.fullmatch(part) for part in path.split("/")):
        allowed = "a relative path of letters, digits, '_', '-' and '.' (no '..', no '\\')"
        raise ConfigError(must(argument, path, allowed))


@dataclass(frozen=True)
class RemoteFile:
    """One file of a release, as it is offered.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    name: str  # what people call it, e.g. "prior_1b_lyrics"
    path: str  # below a prefix
    size_bytes: int | None = None  # None: unknown
    size_exact: bool = False  # False: the size is that of the tensors, the file's is near it
    sha256: str | None = None  # checksum in hexadecimal digits; None: unknown
    licence: str = RELEASED_LICENCE
    kind: str = "torch"  # one of KINDS: what the file must look like inside
    prefixes: tuple[str, ...] = WEIGHT_PREFIXES  # public addresses, tried in this order
    stored_as: str = ""  # path below the cache folder, where it is not `path`

    def __post_init__(self) -> None:
        """Check the values; a path may come from a file that somebody sent."""
        _check_path("path", self.path)
        _check_path("stored_as", self.local_path)
        if self.kind not in KINDS:
            raise ConfigError(must("kind", self.kind, f"one of {KINDS}"))
        if self.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ConfigError(must("sha256", self.sha256, "64 hexadecimal digits"))

    @property
    def local_path(self) -> str:
        """Where the file lies below a cache folder."""
        return self.stored_as or self.path

    @property
    def size_limits(self) -> tuple[int, int]:
        """The fewest and the most bytes that this file can have."""
        known = self.size_bytes
        if known is not None and self.size_exact:
            return known, known
        if self.kind in ("id_list", "index"):
            return 1, _SMALL
        if known is None:
            return 16, _HUGE
        return int(0.4 * known), 4 * known  # half precision; an optimizer's state inside


@dataclass(frozen=True)
class ReleasedModel:
    """The files that make one released model.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    name: str
    vqvae: RemoteFile
    priors: tuple[RemoteFile, ...]  # index = level, bottom first
    id_lists: tuple[RemoteFile, ...]  # artists and genres, of every version a level asks for
    licence: str = RELEASED_LICENCE

    @property
    def files(self) -> tuple[RemoteFile, ...]:
        """All files, small ones first."""
        return (*self.id_lists, self.vqvae, *self.priors)

    @property
    def size_bytes(self) -> int:
        """Bytes of all files together, nearly."""
        return sum(file.size_bytes or 0 for file in self.files)


def _weights(name: str, place: str, size: int) -> RemoteFile:
    return RemoteFile(name, f"jukebox/models/{place}.pth.tar", size)


def _id_list(name: str, size: int, sha256: str) -> RemoteFile:
    path = f"jukebox/data/ids/{name}.txt"
    return RemoteFile(name, path, size, True, sha256=sha256, kind="id_list", prefixes=LIST_PREFIXES)


VQVAE = _weights("vqvae", "5b/vqvae", 7_515_916)
UPSAMPLERS = (
    _weights("upsampler_level_0", "5b/prior_level_0", 3_925_192_704),
    _weights("upsampler_level_1", "5b/prior_level_1", 3_925_192_704),
)
PRIOR_5B = _weights("prior_5b", "5b/prior_level_2", 10_288_531_200)
PRIOR_5B_LYRICS = _weights("prior_5b_lyrics", "5b_lyrics/prior_level_2", 11_451_832_000)
PRIOR_1B_LYRICS = _weights("prior_1b_lyrics", "1b_lyrics/prior_level_2", 3_770_572_800)
V2_LISTS = (
    _id_list(
        "v2_artist_ids", 71_676, "fce2ecc0c7b00838cf8cc90273609c5460fa1ec8d3211ce9f6546ed792feb001"
    ),
    _id_list(
        "v2_genre_ids", 1_216, "04d7c5e5f0002c74789ee2a72a1e33f11057eb6c183ed0cf8f4b140164197e48"
    ),
)
V3_LISTS = (
    _id_list(
        "v3_artist_ids", 141_064, "85ab98ca035945a917ec3d3e1f06bcd938767196281cfb8caecf058872a9e9ed"
    ),
    _id_list(
        "v3_genre_ids", 9_414, "f85f72dca1e6052da129041bb927e29eb143e5f1450951006565f4a8af6f31cb"
    ),
)

#: Every released file by name.
FILES: dict[str, RemoteFile] = {
    file.name: file
    for file in (
        *(*V2_LISTS, *V3_LISTS, VQVAE),
        *(*UPSAMPLERS, PRIOR_5B, PRIOR_5B_LYRICS, PRIOR_1B_LYRICS),
    )
}

#: The released models by name; the upsamplers ask for the v2 lists under every top level.
MODELS: dict[str, ReleasedModel] = {
    model.name: model
    for model in (
        ReleasedModel("5b", VQVAE, (*UPSAMPLERS, PRIOR_5B), V2_LISTS),
        ReleasedModel("5b_lyrics", VQVAE, (*UPSAMPLERS, PRIOR_5B_LYRICS), V2_LISTS),
        ReleasedModel("1b_lyrics", VQVAE, (*UPSAMPLERS, PRIOR_1B_LYRICS), V2_LISTS + V3_LISTS),
    )
}


def released_model(name: str) -> ReleasedModel:
    """Look a released model up by its name.

    Raises
    ------
    ConfigError
        If there is none of that name.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if name not in MODELS:
        raise ConfigError(must("model", name, f"one of {', '.join(MODELS)}"))
    return MODELS[name]


def _checked_prefix(prefix: str) -> str:
    example = "Example: https://mirror.example.org/files"
    try:
        parts = urlsplit(prefix)
        ok = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        ok = False
    if not ok or parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", prefix):
        raise ConfigError(must("mirror", prefix, "an http or https address", example))
    if parts.username or parts.password:
        hidden = f"{parts.scheme}://...@{parts.hostname}"
        raise ConfigError(must("mirror", hidden, "an address without a password", example))
    return prefix.rstrip("/")


def addresses(file: RemoteFile, mirrors: Sequence[str] | str | None = None) -> tuple[str, ...]:
    """Every address at which a file is to be asked for, in order.

    Parameters
    ----------
    mirrors
        Prefixes to use instead of the public ones; None: those in JUKEBOX_EDU_MIRROR, if any.

    Raises
    ------
    ConfigError
        If a prefix is not an http or https address.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    given = os.environ.get(MIRROR_VARIABLE, "").split() if mirrors is None else mirrors
    given = (given,) if isinstance(given, str) else tuple(given)
    return tuple(f"{_checked_prefix(prefix)}/{file.path}" for prefix in given or file.prefixes)
