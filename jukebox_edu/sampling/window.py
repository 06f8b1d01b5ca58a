"""Writing one window: prompt in, new codes out, one after the other.

What
    The conditions of the window are computed once. The prompt is fed in one pass, then each new
    code is drawn from the prediction of the step before. With *guidance* every step is computed
    twice, with and without the lyrics, and the difference is exaggerated:

        logits = without + guidance * (with - without)

    "Without" is without artist and genre, too, where a prior was trained so (`guide_names`).
Shapes
    tokens (batch,), in the Transformer's own vocabulary.
Paper: [Jukebox §4.4]; guidance: arXiv 2207.12598
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from jukebox_edu.errors import ConfigError, ShapeError, must
from jukebox_edu.labels import Labels
from jukebox_edu.prior.prior import Conditions, Prior
from jukebox_edu.prior.untold import without_lyrics, without_names
from jukebox_edu.sampling.filters import check_filters, filter_logits
from jukebox_edu.sampling.noise import Race, draw, generator_race
from jukebox_edu.sampling.threads import is_small, one_thread


@dataclass(frozen=True)
class DrawSettings:
    """How the codes of one level are drawn."""

    temperature: float = 1.0  # above 0; 1 leaves the probabilities as they are
    top_k: int = 0  # keep the k likeliest codes; 0 is off
    top_p: float = 0.0  # keep the likeliest codes holding this probability; 0 is off
    guidance: float = 1.0  # strength of the lyrics (and names, if trained so); 1 is off

    def __post_init__(self) -> None:
        """Check the values."""
        check_filters(self.temperature, self.top_k, self.top_p)
        if not 0.0 <= self.guidance <= 20.0:
            raise ConfigError(must("guidance", self.guidance, "from 0 to 20 (1 is off)"))


def window_conditions(
    prior: Prior, labels: Labels | Tensor | None, upper_codes: Tensor | None, guidance: float
) -> Conditions:
    """Conditions of a window; with guidance the batch is doubled, second half told less.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    conditions = prior.condition(labels, upper_codes)
    if guidance == 1.0 or prior.config.lyrics is None:
        return conditions
    if isinstance(labels, Tensor):
        labels = Labels.from_vector(labels, prior.config.labels.max_genres)  # type: ignore[union-attr]
    untold = without_lyrics(labels)  # type: ignore[arg-type]
    if prior.config.guide_names:
        untold = without_names(untold)
    blank = prior.condition(untold, upper_codes)
    pairs = zip(vars(conditions).values(), vars(blank).values(), strict=True)
    return Conditions(*(None if a is None else torch.cat([a, b]) for a, b in pairs))


@torch.inference_mode()
def write_window(
    prior: Prior,
    conditions: Conditions,
    prompt: Tensor,
    n_new: int,
    *,
    race: Race,
    first_position: int,
    settings: DrawSettings,
    replay: Tensor | None = None,
) -> Iterator[Tensor]:
    """Yield the new tokens of one window, (batch,) at a time.

    Parameters
    ----------
    prior, conditions
        As made by `window_conditions`.
    prompt
        (batch, m) codes that are there already.
    n_new
        Tokens to yield.
    race
        Noise, see `noise.py`.
    first_position
        Absolute position of the first new token, for the noise.
    settings
        Temperature, filters, guidance.
    replay
        (batch, r) tokens drawn by an interrupted run; fed through the same steps, not drawn again.

    Lesson: notebooks/10_sampling_fast.ipynb
    """
    guided = settings.guidance != 1.0 and prior.config.lyrics is not None
    copies = 2 if guided else 1
    small = is_small(prior, prompt.shape[0] * copies)
    with one_thread(small):
        state = prior.start(conditions, prompt.shape[0] * copies)
        prior.prefill(state, prompt.repeat(copies, 1))
    replayed = 0 if replay is None else replay.shape[1]
    token: Tensor | None = None
    for i in range(n_new):
        fed = token.repeat(copies) if guided and token is not None else token
        with one_thread(small):
            logits = prior.next_logits(state, fed)
        if i < replayed:
            token = replay[:, i]  # type: ignore[index]
        else:
            if guided:
                told, untold = logits.chunk(2)
                logits = untold + settings.guidance * (told - untold)
            logits = filter_logits(logits / settings.temperature, settings.top_k, settings.top_p)
            noise = race(first_position + i, (logits.shape[0], logits.shape[1]))
            token = draw(logits, noise.to(logits.device))
        yield token


def sample_window(
    prior: Prior,
    n_samples: int,
    labels: Labels | Tensor | None = None,
    upper_codes: Tensor | None = None,
    prefix: Tensor | None = None,
    n_tokens: int | None = None,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw codes (n_samples, n_tokens) of one window; see `Prior.sample`.

    Raises
    ------
    ConfigError, ShapeError
        If the prefix does not fit, or a setting is not allowed.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """
    n_ctx = prior.config.n_ctx
    n_tokens = n_ctx if n_tokens is None else n_tokens
    if not 0 < n_tokens <= n_ctx:
        raise ConfigError(must("n_tokens", n_tokens, f"from 1 to the window's {n_ctx} codes"))
    if prefix is None:
        prefix = torch.zeros(n_samples, 0, dtype=torch.long, device=prior.device)
    if prefix.shape[0] != n_samples or prefix.shape[1] >= n_tokens:
        allowed = f"({n_samples}, fewer than n_tokens={n_tokens})"
        raise ShapeError(must("prefix", tuple(prefix.shape), allowed))
    prefix = prefix.to(prior.device)
    tokens = write_window(
        prior,
        prior.condition(labels, upper_codes),
        prefix,
        n_tokens - prefix.shape[1],
        race=generator_race(generator, prior.device),
        first_position=prefix.shape[1],
        settings=DrawSettings(temperature, top_k, top_p),
    )
    return torch.cat([prefix, prior.to_codes(torch.stack(list(tokens), dim=1))], dim=1)
