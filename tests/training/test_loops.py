"""Both training loops: what they learn, what they keep apart, what they refuse."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from jukebox_edu import audio
from jukebox_edu.errors import ConfigError, MissingPackageError, RunError
from jukebox_edu.prior.prior import Prior
from jukebox_edu.sampling.lock import FolderLock
from jukebox_edu.training import board
from jukebox_edu.training.codeset import UNKNOWN, batch_of, random_batch
from jukebox_edu.training.extras import ClipPass, ExtraLoss, PhonesInCodes
from jukebox_edu.training.prior_loop import PriorTraining, train_prior
from jukebox_edu.training.run import read_log
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

KINDS = ("plain", "separate", "single", "upsampler")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_prior_learns(kind):
    prior, result = toy.train_toy_prior(
        None, 40, kind, accumulate=1, learning_rate=1e-2, log_every=10, average=0.5, hide=0.0
    )
    nats = [row["nats"] for row in result.rows if "nats" in row]
    assert nats[-1] < 0.8 * nats[0]
    assert [row["step"] for row in result.rows if "nats" in row] == [10, 20, 30, 40]
    if kind in ("separate", "single"):
        assert result.rows[-1].get("guidance_1", result.rows[-2].get("guidance_1")) > 0


def test_a_codec_learns_a_constant_toy():
    _, result = toy.train_codec(
        None, 45, log_every=15, average=0.0, learning_rate=1e-2, evaluate_every=20
    )
    recons = [row["recons"] for row in result.rows if "recons" in row]
    assert recons[-1] < 0.75 * recons[0]
    assert {"recons_0", "usage_1", "phone", "held_out_recons"} <= {
        k for r in result.rows for k in r
    }


def test_one_level_alone_leaves_the_other_as_it_was():
    with seeded(1):
        untouched = VQVAE(toy.CODEC).state_dict()
    vqvae, _ = toy.train_codec(None, 3, level=1)
    for name, tensor in vqvae.state_dict().items():
        if name.split(".")[1] == "0" or ".0." in name and name.startswith("bottleneck"):
            assert torch.equal(tensor, untouched[name]), name
    assert not torch.equal(
        vqvae.state_dict()["decoders.1.out.weight"], untouched["decoders.1.out.weight"]
    )


@pytest.mark.parametrize("kind", ["plain", "upsampler"])
def test_accumulated_batches_equal_one_bigger_batch(kind):
    """Gradients of 3 x 2 windows, added up, are those of 6 windows."""
    ends = []
    for batch, accumulate in ((6, 1), (2, 3)):
        settings = {"batch": batch, "accumulate": accumulate, "optimiser": "jukebox"}
        prior, _ = toy.train_toy_prior(None, 1, kind, eps=1.0, learning_rate=1.0, **settings)
        ends.append(prior.state_dict())
    for name in ends[0]:
        torch.testing.assert_close(ends[0][name], ends[1][name], rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_checkpointed_activations_give_the_same_gradients(kind):
    with seeded(0):
        prior = Prior(toy.prior_config(kind))
    batch = batch_of([(song, 0) for song in toy.coded(kind)], prior.config)
    conditions = prior.condition(batch.labels, batch.upper_codes)
    gradients = []
    for checkpoint in (False, True):
        prior.zero_grad()
        out = prior(batch.codes, conditions, checkpoint=checkpoint)
        prior.loss_of(out.hidden, batch.codes, conditions).total.backward(retain_graph=True)
        gradients.append(
            {n: p.grad.clone() for n, p in prior.named_parameters() if p.grad is not None}
        )
    assert set(gradients[0]) == set(gradients[1])
    for name in gradients[0]:
        assert torch.equal(gradients[0][name], gradients[1][name]), name


def test_checkpointing_computes_layers_again_for_the_gradient():
    prior = Prior(toy.prior_config("plain"))
    batch = batch_of([(toy.coded("plain")[0], 0)], prior.config)
    calls = []
    prior.music.transformer.layers[0].norm_mlp.register_forward_hook(lambda *_: calls.append(1))
    out = prior(batch.codes, prior.condition(), checkpoint=True)
    assert len(calls) == 1
    out.hidden.sum().backward()
    assert len(calls) == 2


def test_evaluation_and_sounds_do_not_change_the_run(tmp_path):
    quiet, _ = toy.train_codec(None, 6, evaluate_every=0)
    loud, result = toy.train_codec(
        tmp_path, 6, evaluate_every=2, sample_every=3, sample_seconds=0.5
    )
    for name, tensor in quiet.state_dict().items():
        assert torch.equal(tensor, loud.state_dict()[name]), name
    sounds = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert sounds == [f"step-0000000{s}-level-{i}.flac" for s in (3, 6) for i in (0, 1)]
    clip = audio.load(tmp_path / "samples" / sounds[0])
    assert clip.sample_rate == toy.RATE and clip.seconds == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["separate", "upsampler"])
def test_a_prior_writes_sounds_through_the_codec(kind, tmp_path):
    config = toy.prior_config(kind)
    training = PriorTraining(2, batch=1, sample_every=2, sample_seconds=0.02)
    with pytest.raises(ConfigError, match="vqvae=None.*sample_every"):
        train_prior(Prior(config), toy.coded(kind), training)
    vqvae = VQVAE(toy.CODEC)
    train_prior(Prior(config), toy.coded(kind), training, vqvae=vqvae, out=tmp_path, progress=False)
    clip = audio.load(tmp_path / "samples" / f"step-00000002-level-{config.level}.flac")
    hop = config.hop_length
    assert len(clip.samples) == min(config.n_ctx, int(0.02 * toy.RATE) // hop) * hop


def test_the_model_keeps_the_average_at_the_end(tmp_path):
    prior, _ = toy.train_toy_prior(tmp_path, 6, average=0.5)
    state = newest_state(tmp_path).tensors
    name = "music.position_embedding"
    assert torch.equal(dict(prior.named_parameters())[name], state[f"average.model.{name}"])
    assert not torch.equal(state[f"model.{name}"], state[f"average.model.{name}"])


def test_songs_without_phones_or_times_do_not_count():
    songs = toy.coded("separate", told=False)
    config = toy.prior_config("separate")
    batch = batch_of([(songs[0], 0)], config)
    assert (batch.phones == UNKNOWN).all() and not batch.sung.any()
    mixed = [*songs[:1], *toy.coded("separate")[1:]]
    assert batch_of([(song, 4) for song in mixed], config).sung.any(-1).any(-1).tolist() == [
        False, True, True,
    ]  # fmt: skip
    training = PriorTraining(2, batch=2, aided_layers=(1,), precision="float32", log_every=1)
    result = train_prior(Prior(config), songs, training, progress=False)
    assert result.rows[0]["guidance_1"] == 0 and result.rows[0]["phone_1"] == 0


def test_songs_that_lose_their_names_teach_the_unknown_rows_only():
    """All lose lyrics and names: of both tables only row 0 moves."""
    found = {}
    for blank_names in (0.0, 1.0):
        prior = Prior(toy.prior_config("separate"))
        tables = prior.label_conditioner
        before = [t.weight.detach().clone() for t in (tables.artist, tables.genre)]
        training = PriorTraining(
            3, blank_lyrics=1.0, blank_names=blank_names, precision="float32", weight_decay=0.0,
        )  # fmt: skip
        train_prior(prior, toy.coded("separate"), training, progress=False)
        moved = [
            (now.weight != old).any(1).tolist()
            for now, old in zip((tables.artist, tables.genre), before, strict=True)
        ]
        found[blank_names] = [[row for row, did in enumerate(rows) if did] for rows in moved]
    assert found[1.0] == [[0], [0]]
    assert all(0 not in rows and rows for rows in found[0.0])


def test_unknown_phones_do_not_enter_the_loss_of_the_codes():
    head = PhonesInCodes(1.0, 8)
    vqvae = VQVAE(toy.CODEC)
    sound = torch.randn(2, 3200)
    result = vqvae.losses(sound)
    phones = torch.zeros(2, 200, dtype=torch.long)
    both = head(ClipPass(sound, phones, result))
    phones[1] = UNKNOWN
    one = head(ClipPass(sound, phones, result))
    alone = torch.nn.functional.cross_entropy(head.head(result.quantised[-1][:1]), phones[:1])
    assert one.item() == pytest.approx(alone.item()) and one.item() != both.item()
    assert head(ClipPass(sound, torch.full_like(phones, UNKNOWN), result)) is None


class Quietness(ExtraLoss):
    """A loss of one's own, with a parameter."""

    def __init__(self, name="quiet"):
        super().__init__(name, 0.5)
        self.goal = nn.Parameter(torch.zeros(()))

    def forward(self, seen):
        return (seen.result.reconstruction.square().mean() - self.goal).square()


def test_gradients_of_a_codec_are_clipped(tmp_path):
    """The first moment after one step is a share of the clipped gradient."""
    training = VQVAETraining(1, clip=3200, batch=1, log_mel=0.0, clip_norm=1e-3)
    train_vqvae(VQVAE(toy.CODEC), toy.SONGS, training, out=tmp_path, progress=False)
    tensors = newest_state(tmp_path).tensors
    moments = [m.norm() for name, m in tensors.items() if name.startswith("optimizer.exp_avg.")]
    share = 1 - training.betas[0]
    assert torch.stack(moments).norm().item() == pytest.approx(share * 1e-3, rel=1e-3)


def test_a_loss_of_ones_own_plugs_in(tmp_path):
    own = Quietness()
    training = VQVAETraining(3, clip=3200, batch=1, log_mel=0.0, log_every=1)
    result = train_vqvae(
        VQVAE(toy.CODEC), toy.SONGS, training, losses=[own], out=tmp_path, progress=False
    )
    assert all(row["quiet"] >= 0 for row in result.rows)
    assert own.goal.item() != 0
    assert newest_state(tmp_path).tensors["quiet.goal"] == own.goal
    with pytest.raises(ConfigError, match="name of an extra loss='model'"):
        train_vqvae(VQVAE(toy.CODEC), toy.SONGS, training, losses=[Quietness("model")])


def test_a_run_in_minutes_ends_at_a_step_with_a_low_rate():
    _, result = toy.train_toy_prior(None, None, minutes=0.01, log_every=1, accumulate=1)
    assert result.steps >= 1 and result.seconds >= 0.6
    rates = [row["learning_rate"] for row in result.rows if "learning_rate" in row]
    assert rates[-1] < 0.5 * max(rates)


def test_another_run_is_refused_by_name_of_what_differs(tmp_path):
    toy.train_toy_prior(tmp_path, 2)
    with pytest.raises(RunError, match=r"another training run: settings.batch is 2 there and 3"):
        toy.train_toy_prior(tmp_path, 2, batch=3)
    with pytest.raises(RunError, match="another training run.*model"):
        toy.train_toy_prior(tmp_path, 2, "plain")
    with pytest.raises(RunError, match="data.fingerprint"):
        songs = [replace(song, name="other") for song in toy.coded("separate")]
        train_prior(
            Prior(toy.prior_config("separate")), songs, PriorTraining(2, batch=2), out=tmp_path
        )
    rows = read_log(tmp_path)
    assert rows[-1]["step"] == 2  # nothing was written


def test_a_run_whose_rate_does_not_depend_on_its_length_can_be_prolonged(tmp_path):
    whole, _ = toy.train_toy_prior(None, 6, schedule="constant")
    toy.train_toy_prior(tmp_path, 4, schedule="constant")
    prolonged, result = toy.train_toy_prior(tmp_path, 6, schedule="constant")
    assert result.steps == 6
    for (name, a), b in zip(whole.named_parameters(), prolonged.parameters(), strict=True):
        assert torch.equal(a, b), name
    toy.train_toy_prior(tmp_path / "cosine", 2)
    with pytest.raises(RunError, match="settings.steps is 2 there and 3 here"):
        toy.train_toy_prior(tmp_path / "cosine", 3)


def test_two_processes_cannot_share_a_folder(tmp_path):
    tmp_path.mkdir(exist_ok=True)
    with FolderLock(tmp_path), pytest.raises(RunError, match="in use by another run"):
        toy.train_toy_prior(tmp_path, 2)


def test_a_file_in_the_way_is_our_error(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(RunError, match="cannot be written"):
        toy.train_toy_prior(tmp_path / "run", 2)


def test_a_full_disk_is_our_error_and_keeps_the_older_state(tmp_path, monkeypatch):
    """The disk is full when the second state is written: the first one is still whole."""
    import jukebox_edu.training.state as state

    write, calls = state.save_file, []

    def full(tensors, path, metadata):
        calls.append(path)
        if len(calls) == 2:
            Path(path).write_bytes(b"half a sta")
            raise OSError(28, "No space left on device")
        write(tensors, path, metadata)

    monkeypatch.setattr(state, "save_file", full)
    with pytest.raises(RunError, match="No space left on device. The disk is full"):
        toy.train_toy_prior(tmp_path, 6)
    assert newest_state(tmp_path).step == 2
    assert not list(tmp_path.glob(".*.part"))


def test_tensorboard_is_optional_and_its_absence_is_said(tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(board.importlib, "import_module", missing)
    with pytest.raises(MissingPackageError, match="pip install 'jukebox-edu\\[train\\]'"):
        toy.train_toy_prior(tmp_path, 2, tensorboard=True)
    with pytest.raises(ConfigError, match="tensorboard=True.*out=FOLDER"):
        toy.train_toy_prior(None, 2, tensorboard=True)


def test_rows_reach_tensorboard(tmp_path, monkeypatch):
    seen = []

    class Writer:
        def __init__(self, folder):
            self.folder = folder

        def add_scalar(self, name, value, step):
            seen.append((name, step))

        def close(self):
            seen.append("closed")

    class Module:
        SummaryWriter = Writer

    monkeypatch.setattr(board.importlib, "import_module", lambda name: Module)
    toy.train_toy_prior(tmp_path, 3, tensorboard=True)
    assert ("nats", 3) in seen and seen[-1] == "closed"


def test_windows_of_a_batch_lie_at_whole_upper_codes():
    import numpy as np

    config = toy.prior_config("upsampler")
    random = np.random.default_rng(0)
    for _ in range(5):
        batch = random_batch(toy.coded("upsampler"), config, 4, random)
        assert torch.equal((batch.codes[:, ::4]), batch.upper_codes % 16)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"clip": 1000}, "clip=1000: must be a multiple of 16"),
        ({"level": 2}, "level=2: must be one of"),
    ],
)
def test_codec_settings_that_do_not_fit(changed, message):
    with pytest.raises(ConfigError, match=message):
        toy.train_codec(None, 1, **changed)


def test_songs_at_another_rate_are_refused():
    song = toy.ToySong("fast", 200.0, sample_rate=16000)
    training = VQVAETraining(1, clip=3200)
    with pytest.raises(ConfigError, match=r"sample_rate of songs=\[16000\]: must be \[8000\]"):
        train_vqvae(VQVAE(toy.CODEC), [song], training)
    with pytest.raises(ConfigError, match="songs=0: must be at least one"):
        train_vqvae(VQVAE(toy.CODEC), [], training)


def test_guidance_needs_a_layer_that_reads_lyrics():
    with pytest.raises(
        ConfigError, match=r"aided_layers=0: must be layers that read lyrics: \[1\]"
    ):
        toy.train_toy_prior(None, 1, aided_layers=(0,))
