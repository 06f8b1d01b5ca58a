"""The listener, and the two losses that teach with phones: `Heard` and `PhonesSpelled`."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from jukebox_edu.errors import ConfigError
from jukebox_edu.prior.prior import Prior
from jukebox_edu.songbook import PHONES
from jukebox_edu.training.clips import ClipShape, random_clips
from jukebox_edu.training.codeset import UNKNOWN, batch_of
from jukebox_edu.training.extras import ClipPass, PhonesSpelled, WindowPass
from jukebox_edu.training.listener import Heard, Listener, ListenerTraining, train_listener
from jukebox_edu.training.prepare import prepare
from jukebox_edu.training.prior_loop import PriorTraining, train_prior, window_losses
from jukebox_edu.training.run import read_log
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.state import newest_state, seeded
from jukebox_edu.training.vqvae_loop import VQVAETraining, train_vqvae
from jukebox_edu.vqvae.model import VQVAE

if "toy_training" not in sys.modules:
    _spec = importlib.util.spec_from_file_location(
        "toy_training", Path(__file__).with_name("toy_training.py")
    )
    sys.modules["toy_training"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["toy_training"])
toy = sys.modules["toy_training"]

RATE, HOP = 16000, 256
SHORT = {"clip": 3200, "batch": 2, "log_mel": 0.0, "log_every": 2, "save_every": 2, "warmup": 3}


def a_listener(rate=RATE, hop=HOP, seed=0) -> Listener:
    with seeded(seed):
        return Listener(rate, hop, 16).eval()


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    """Four short songs of the songbook, sound only."""
    source = SongbookSource(range(4), seconds=(4.0, 5.0), min_seconds=1.0)
    folder = tmp_path_factory.mktemp("songs")
    options = {"sample_rate": RATE, "hop_length": HOP, "held_out": 0.0, "progress": False}
    return prepare(source, folder, **options).train


# ---- what it hears -----------------------------------------------------------------------------


@pytest.mark.parametrize("length", [HOP * 20, HOP * 20 + 40, HOP * 20 - 40])
def test_there_is_one_frame_for_every_code(length):
    logits = a_listener()(torch.zeros(2, length))
    assert logits.shape == (2, len(PHONES), 20)


@torch.no_grad()
def test_frames_stand_at_their_codes():
    """Noise in the middle of code k is heard most at frame k, and not at all far away."""
    listener = a_listener()
    silence, burst = torch.zeros(1, 64 * HOP), torch.zeros(1, 64 * HOP)
    generator = torch.Generator().manual_seed(1)
    k = 30
    burst[0, k * HOP : (k + 1) * HOP] = torch.randn(HOP, generator=generator)
    difference = (listener.spectra(burst) - listener.spectra(silence))[0].abs().sum(0)
    loudest = int(difference.reshape(64, 2).sum(1).argmax())  # two spectra per code
    assert loudest == k
    moved = (listener(burst) - listener(silence))[0].abs().amax(0) > 1e-5  # (frames,)
    heard = moved.nonzero()[:, 0].tolist()
    reach = listener.look.reach + 3  # and a little for spectra that overlap
    assert k in heard and k - reach <= min(heard) and max(heard) <= k + reach


@torch.no_grad()
def test_a_shift_of_the_sound_by_a_code_shifts_what_is_heard():
    listener = a_listener()
    sound = torch.randn(1, 65 * HOP, generator=torch.Generator().manual_seed(2))
    edge = listener.look.reach + 3
    first, later = listener(sound[:, : 64 * HOP]), listener(sound[:, HOP:])
    a, b = first[..., 1 + edge : 64 - edge], later[..., edge : 63 - edge]
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


# ---- learning ----------------------------------------------------------------------------------


def test_it_learns_what_is_sung(songs):
    """Eighty small steps, then other clips: better than knowing how often each phone is sung."""
    training = ListenerTraining(steps=80, batch=4, warmup=5)
    listener = train_listener(songs, RATE, HOP, training, progress=False)
    clips = random_clips(songs, ClipShape(16384, HOP), 8, np.random.default_rng(5))
    with seeded(training.seed):
        fresh = Listener(RATE, HOP)
    with torch.no_grad():
        before, after = (
            torch.nn.functional.cross_entropy(each(clips.audio), clips.phones)
            for each in (fresh, listener)
        )
    shares = torch.bincount(clips.phones.flatten()).float() / clips.phones.numel()
    floor = -(shares[shares > 0] * shares[shares > 0].log()).sum()  # knows how often, not when
    assert after < floor < before
    assert not listener.training and not any(p.requires_grad for p in listener.parameters())


def test_the_same_seed_gives_the_same_listener(songs):
    training = ListenerTraining(steps=2, batch=2, clip=4096)
    torch.manual_seed(11)
    one = train_listener(songs, RATE, HOP, training, progress=False).state_dict()
    torch.manual_seed(12)
    two = train_listener(songs, RATE, HOP, training, progress=False).state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = dataclasses.replace(training, seed=1)
    three = train_listener(songs, RATE, HOP, other, progress=False).state_dict()
    assert not torch.equal(one["tell.weight"], three["tell.weight"])


def test_songs_without_phones_are_refused(songs):
    training = ListenerTraining(steps=1)
    with pytest.raises(ConfigError, match="song='tone 1': must be one with known phones, every 16"):
        train_listener(toy.SONGS, toy.RATE, toy.HOP, training, progress=False)
    with pytest.raises(ConfigError, match="must be one with known phones, every 128 samples"):
        train_listener(songs, RATE, 128, training, progress=False)
    with pytest.raises(ConfigError, match="songs=0: must be at least one song"):
        train_listener([], RATE, HOP, training, progress=False)


# ---- teaching a codec --------------------------------------------------------------------------


def train_heard(out, steps, listener, watch=None, weight=0.5, **changed):
    with seeded(1):
        vqvae = VQVAE(toy.CODEC)
    training = VQVAETraining(steps, **{**SHORT, **changed})
    losses = [Heard(weight, listener)]
    result = train_vqvae(
        vqvae, toy.SONGS, training, losses=losses, out=out, watch=watch, progress=False
    )
    return vqvae, result


def test_the_listener_teaches_and_does_not_learn(tmp_path):
    """It stays bit for bit what it was, is kept in no state, and the codec hears of it."""
    listener = a_listener(toy.RATE, toy.HOP)
    before = {name: tensor.clone() for name, tensor in listener.state_dict().items()}
    heard, result = train_heard(tmp_path, 3, listener)
    assert all(torch.equal(before[n], t) for n, t in listener.state_dict().items())
    assert all(p.grad is None for p in listener.parameters())
    plain, _ = train_heard(None, 3, listener, weight=0.0)
    assert not torch.equal(
        heard.state_dict()["decoders.0.out.weight"], plain.state_dict()["decoders.0.out.weight"]
    )
    names = set(newest_state(tmp_path).tensors)
    assert not any("listener" in n or "heard" in n or "tell" in n for n in names)
    assert list(Heard(1.0, listener).parameters()) == []
    assert result.rows[0]["heard"] > 0


def test_a_run_with_a_listener_resumes_exactly(tmp_path):
    class Stop(Exception):
        pass

    def stop(row):
        if row["step"] >= 4:
            raise Stop

    listener = a_listener(toy.RATE, toy.HOP)
    whole, _ = train_heard(tmp_path / "a", 7, listener)
    with pytest.raises(Stop):
        train_heard(tmp_path / "b", 7, listener, watch=stop)
    again, result = train_heard(tmp_path / "b", 7, listener)
    assert result.steps == 7
    one, two = (newest_state(tmp_path / name).tensors for name in "ab")
    assert set(one) == set(two) and all(torch.equal(one[name], two[name]) for name in one)
    mine, theirs = whole.state_dict(), again.state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    rows = [[{**row, "seconds": 0} for row in read_log(tmp_path / name)] for name in "ab"]
    assert rows[0] == rows[1]


def test_every_level_is_listened_to_and_unknown_frames_do_not_count():
    with seeded(1):
        vqvae = VQVAE(toy.CODEC)
    listener = a_listener(toy.RATE, toy.HOP)
    clips = random_clips(toy.SONGS[:1], ClipShape(3200, toy.HOP), 2, np.random.default_rng(0))
    result = vqvae.losses(clips.audio, levels=(0, 1))
    loss, parts = Heard(1.0, listener), []
    for level in result.ran:
        chances = listener(level.reconstruction).log_softmax(1)  # (batch, phones, frames)
        parts.append(-chances.gather(1, clips.phones[:, None]).mean())
    value = loss(ClipPass(clips.audio, clips.phones, result))
    assert len(parts) == 2 and value.item() == pytest.approx(sum(parts).item(), rel=1e-5)
    value.backward()
    for level in (0, 1):
        assert any(p.grad is not None and p.grad.any() for p in vqvae.decoders[level].parameters())
    half = clips.phones.clone()
    half[:, 100:] = UNKNOWN
    first = [
        -listener(level.reconstruction).log_softmax(1).gather(1, clips.phones[:, None])[..., :100]
        for level in result.ran
    ]
    found = loss(ClipPass(clips.audio, half, result))
    assert found.item() == pytest.approx(sum(part.mean().item() for part in first), rel=1e-5)
    nobody = torch.full_like(clips.phones, UNKNOWN)
    assert loss(ClipPass(clips.audio, nobody, result)) is None


# ---- letters and phones in a prior -------------------------------------------------------------


def spelled_pass(told=(True, True)):
    with seeded(3):
        prior, loss = Prior(toy.prior_config("separate")), PhonesSpelled(1.0, 16)
    batch = batch_of([(song, 0) for song in toy.coded("separate")[:2]], prior.config)
    conditions = prior.condition(batch.labels)
    out = prior(batch.codes, conditions)
    return prior, loss, WindowPass(batch, out, torch.tensor(told), conditions.lyric_states)


def test_spelling_teaches_the_lyric_encoder():
    prior, loss, seen = spelled_pass()
    assert (seen.batch.letters != UNKNOWN).any()
    loss(seen).backward()
    reached = {n for n, p in prior.lyric_encoder.named_parameters() if p.grad is not None}
    assert {n for n in reached if n.endswith("project.weight")}
    assert prior.lyric_encoder.shell.token_embedding.weight.grad.any()
    assert prior.music.token_embedding.weight.grad is None  # the music has no part in it
    assert all(p.grad.any() for p in loss.head.parameters())


def test_spelling_counts_the_letters_sung_of_songs_that_were_told():
    """By hand: the mean over known letters; a song that lost its lyrics does not count."""
    _, loss, seen = spelled_pass()
    letters = seen.batch.letters
    chances = loss.head(seen.lyric_states.transpose(1, 2)).log_softmax(1)
    each = -chances.gather(1, letters.clamp(min=0)[:, None])[:, 0]  # (batch, n_tokens)
    known = letters != UNKNOWN
    assert known.any(1).all() and not known.all()
    assert loss(seen).item() == pytest.approx(each[known].mean().item(), rel=1e-5)
    one = dataclasses.replace(seen, told=torch.tensor([False, True]))
    assert loss(one).item() == pytest.approx(each[1][known[1]].mean().item(), rel=1e-5)
    none = dataclasses.replace(seen, told=torch.tensor([False, False]))
    assert loss(none).item() == 0
    unmarked = dataclasses.replace(
        seen, batch=dataclasses.replace(seen.batch, letters=torch.full_like(letters, UNKNOWN))
    )
    assert loss(unmarked).item() == 0
    assert loss(dataclasses.replace(seen, lyric_states=None)) is None
    no_letters = dataclasses.replace(seen.batch, letters=None)
    assert loss(dataclasses.replace(seen, batch=no_letters)) is None


def test_spelling_is_asked_for_by_its_weight_and_learned():
    training = PriorTraining(
        30, batch=3, warmup=3, spelled=1.0, log_every=10, precision="float32", learning_rate=1e-2
    )
    with seeded(2):
        prior = Prior(toy.prior_config("separate"))
    assert [loss.name for loss in window_losses(prior, training)] == ["spelled"]
    assert not window_losses(prior, dataclasses.replace(training, spelled=0.0))
    assert not window_losses(Prior(toy.prior_config("single")), training)
    rows = train_prior(prior, toy.coded("separate"), training, progress=False).rows
    assert rows[-1]["spelled"] < 0.7 * rows[0]["spelled"]
