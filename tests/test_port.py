"""The same weights in Hugging Face's port and here: equal logits, codes, sound and tokens.

Needs `transformers==4.49.0`, the last line of versions that carries the port, in an environment of
its own:

    python -m venv port && port/bin/pip install transformers==4.49.0 pytest -e .
    port/bin/pytest -m port tests/test_port.py

The weights reach the port through `convert`, so the layout is checked as well. Where the port is
known to deviate from the original program (its default without causal mask, window handling,
labels), it is called below that: one prior, one window, a packed label vector.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent / "checkpoints"))  # for released_like
import released_like  # noqa: E402

from jukebox_edu.checkpoints import save_model  # noqa: E402
from jukebox_edu.checkpoints.convert import convert  # noqa: E402
from jukebox_edu.checkpoints.finding import find_source  # noqa: E402
from jukebox_edu.checkpoints.port import port_names  # noqa: E402
from jukebox_edu.checkpoints.sources import load_part  # noqa: E402

WANTED = "4.49.0"
pytestmark = [pytest.mark.port, pytest.mark.filterwarnings("ignore")]
DESIGNS = {"1b": True, "5b_lyrics": False}
LEVELS = (2, 1, 0)


@pytest.fixture(scope="module", params=DESIGNS)
def pair(request, tmp_path_factory):
    """One model twice: ours, and the port's, made of our converted folder."""
    try:
        found = version("transformers")
    except PackageNotFoundError:
        found = "none"
    if found != WANTED:
        pytest.skip(f"needs transformers=={WANTED}, found {found}")
    os.environ["TQDM_DISABLE"], os.environ["TRANSFORMERS_VERBOSITY"] = "1", "error"
    from transformers.models.deprecated.jukebox import JukeboxModel

    config, vqvae, priors = released_like.model(DESIGNS[request.param])
    folder = tmp_path_factory.mktemp(request.param)
    save_model(folder / "ours", config, vqvae, priors, dtype=torch.float32)
    convert(find_source(folder / "ours"), folder / "port", "port", progress=False)
    port = JukeboxModel.from_pretrained(folder / "port").eval()
    return vqvae, priors, port, folder


def inputs(prior, batch, seed=0):
    """Codes of a window, upper codes and packed labels."""
    generator = torch.Generator().manual_seed(seed)
    config = prior.config

    def draw(high, *shape):
        return torch.randint(0, high, shape, generator=generator)

    codes = draw(config.codebook_size, batch, config.n_ctx)
    upper = None
    if config.conditioner is not None:
        upper = draw(config.codebook_size, batch, config.n_ctx // config.conditioner.factor)
    labels = config.labels
    genres = draw(labels.n_genres, batch, labels.max_genres)
    genres[:, 1:] -= (genres[:, 1:] == 0).long()  # some slots are empty
    length = torch.full((batch, 1), 30 * config.sample_rate)
    offset = draw(2000, batch, 1)
    window = torch.full((batch, 1), config.window_samples)
    artist = draw(labels.n_artists, batch, 1)
    lyrics = draw(79, batch, config.lyrics.n_tokens if config.lyrics else 0)
    y = torch.cat([length, offset, window, artist, genres, lyrics], dim=1)
    return codes, upper, y


def of_port(port, level):
    return port.priors[len(port.priors) - 1 - level]


def test_every_number_arrived(pair):
    vqvae, priors, port, folder = pair
    source = find_source(folder / "port")
    for level, ours in zip((None, 0, 1, 2), (vqvae, *priors), strict=True):
        theirs = load_part(source, level).state_dict()
        assert all(torch.equal(theirs[name], value) for name, value in ours.state_dict().items())
    config = released_like.config(priors[2].config.single_sequence)
    assert set(port.state_dict()) == set(port_names(config))


def test_what_the_port_saves_is_read_back(pair, tmp_path):
    """Its own configuration, without our key, and its own files."""
    vqvae, priors, port, _ = pair
    port.save_pretrained(tmp_path, max_shard_size="50KB")
    text = (tmp_path / "config.json").read_text(encoding="utf-8")
    (tmp_path / "config.json").write_text(text.replace('"jukebox_edu"', '"x"'), encoding="utf-8")
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    source = find_source(tmp_path)
    for level, ours in zip((None, 0, 1, 2), (vqvae, *priors), strict=True):
        loaded = load_part(source, level)
        assert all(torch.equal(loaded.state_dict()[k], v) for k, v in ours.state_dict().items())
        if level is not None:
            assert loaded.config.transformer == ours.config.transformer
            assert loaded.config.conditioner == ours.config.conditioner


@torch.no_grad()
def test_codes_and_sound(pair):
    vqvae, _, port, _ = pair
    sound = torch.randn(2, 1600, generator=torch.Generator().manual_seed(1)).tanh()
    ours, theirs = vqvae.encode(sound), port.vqvae.encode(sound[..., None])
    for level, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        assert torch.equal(mine, other)
        decoded = port.vqvae.decode([other], start_level=level)[..., 0]
        torch.testing.assert_close(vqvae.decode(ours, level), decoded, rtol=1e-5, atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("level", LEVELS)
def test_conditions_and_logits(pair, level):
    _, priors, port, _ = pair
    prior, other = priors[level], of_port(port, level)
    codes, upper, y = inputs(prior, 1)
    audio, start, _ = other.get_cond([upper] if upper is not None else [], y)
    conditions = prior.condition(y, upper)
    torch.testing.assert_close(conditions.start, start, rtol=1e-5, atol=1e-6)
    n = prior.config.n_ctx
    torch.testing.assert_close(conditions.per_position[:, -n:], audio[:, -n:], rtol=1e-5, atol=1e-5)
    if prior.config.lyrics is None:
        _, logits = other.prior(codes, audio, start, None, get_preds=True)
    else:
        _, metrics = other.forward_tokens(codes, [], y, get_preds=True)
        logits = metrics["preds"]
    ours = prior.logits(codes, upper, y)
    theirs = logits[:, -n:, prior.first_code :]
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    assert theirs.std() > 0.1  # of random numbers, not of zeros


def sampled(prior, other, batch, seed, *, top_k, prefix=0):
    """Tokens of a window here and there."""
    codes, upper, y = inputs(prior, batch, seed)
    given = codes[:, :prefix] if prefix else None
    torch.manual_seed(seed)
    theirs = other.sample(
        batch, given, [upper] if upper is not None else [], y, temp=0.98, top_k=top_k,
        chunk_size=5, sample_tokens=prior.config.n_ctx,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(seed)
    ours = prior.sample(batch, y, upper, given, temperature=0.98, top_k=top_k, generator=generator)
    return ours, theirs


@torch.no_grad()
@pytest.mark.parametrize("prefix", [0, 7])
@pytest.mark.parametrize("level", LEVELS)
def test_greedy_tokens(pair, level, prefix):
    _, priors, port, _ = pair
    prior = priors[level]
    ours, theirs = sampled(prior, of_port(port, level), 3, 5, top_k=1, prefix=prefix)
    assert torch.equal(ours, theirs)


@torch.no_grad()
@pytest.mark.parametrize("prefix", [0, 7])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("top_k", [0, 5])
def test_tokens_of_the_same_seed(pair, level, top_k, prefix):
    _, priors, port, _ = pair
    prior = priors[level]
    drawn = []
    for seed in range(4):
        ours, theirs = sampled(prior, of_port(port, level), 3, seed, top_k=top_k, prefix=prefix)
        assert torch.equal(ours, theirs)
        drawn.append(ours)
    assert any(not torch.equal(drawn[0], other) for other in drawn[1:])
