"""The ablations: the shared autoencoder, codecs with one thing changed, orders, the script."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from jukebox_edu.config import LossConfig, VQVAEConfig, to_json_dict
from jukebox_edu.dev import ablations
from jukebox_edu.dev.ablation_models import VARIANTS, Unquantised, build, hear
from jukebox_edu.dev.ablation_results import (
    ABLATIONS,
    Measured,
    markdown,
    ordering,
    panels,
    summary,
)
from jukebox_edu.dev.shared_autoencoder import SharedAutoencoder
from jukebox_edu.errors import ConfigError, ShapeError
from jukebox_edu.plotting.ablations import ablations_figure
from jukebox_edu.vqvae import VQVAE, Bandwidth

CONFIG = VQVAEConfig(
    sample_rate=8000, downs=(1, 1, 1), strides=(4, 2, 2), emb_width=6, codebook_size=16, width=5,
    depth=1, multipliers=(1, 1, 1),
    losses=LossConfig(linf_k=64, n_ffts=(256, 128), hops=(64, 32), windows=(128, 64)),
)  # fmt: skip
BY_NAME = {variant.name: variant for variant in VARIANTS}


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def shared():
    """A shared autoencoder whose codebooks have seen one batch; in eval mode."""
    torch.manual_seed(0)
    model = SharedAutoencoder(CONFIG).train()
    with torch.no_grad():
        model(noise(4, 256), generator=torch.Generator().manual_seed(2))
    return model.eval()


# ---- the shared autoencoder ---------------------------------------------------------------------


def test_every_level_of_the_shared_autoencoder_has_its_own_rate(shared):
    audio = noise(2, 128)
    sound, quantised = shared(audio)
    assert sound.shape == (2, 128)
    assert [level.codes.shape for level in quantised] == [(2, 32), (2, 16), (2, 8)]
    assert all(q.vectors.shape == (2, 6, q.codes.shape[1]) for q in quantised)
    assert [x.shape for x in shared.features(audio)] == [(2, 6, 32), (2, 6, 16), (2, 6, 8)]


def test_all_codes_together_decode_to_what_training_compares(shared):
    audio = noise(2, 128)
    sound, _ = shared(audio)
    torch.testing.assert_close(shared.decode(shared.encode(audio)), sound.detach())


def test_top_codes_decode_alone_and_lower_codes_add_to_them(shared):
    codes = shared.encode(noise(2, 128))
    alone = shared.decode([None, None, codes[2]])
    assert alone.shape == (2, 128)
    assert not torch.allclose(alone, shared.decode([None, codes[1], codes[2]]))
    other = [(level + 1) % 16 for level in codes]
    with_other_top = shared.decode([None, None, other[2]])
    assert not torch.allclose(alone, with_other_top)
    # without the finer levels the walk down is the decoder of a separate top level
    vectors = shared.bottleneck.codebooks[2].decode(codes[2])
    torch.testing.assert_close(alone, shared.decoder(vectors, channels_last=False)[:, 0].detach())


def test_finer_codes_depend_on_coarser_ones(shared):
    audio = noise(1, 128)
    before = shared.encode(audio)
    with torch.no_grad():
        shared.bottleneck.codebooks[2].vectors.mul_(-40.0).add_(3.0)
    after = shared.encode(audio)
    assert not torch.equal(before[1], after[1])
    with torch.no_grad():
        shared.bottleneck.codebooks[0].vectors.mul_(-40.0)
    again = shared.encode(audio)
    assert torch.equal(again[1], after[1]) and torch.equal(again[2], after[2])


def test_gradients_reach_every_weight_of_the_shared_autoencoder(shared):
    shared.train()
    loss = shared.losses(noise(2, 256), bandwidth=Bandwidth())
    parts = loss.recons + CONFIG.losses.multispectral * loss.multispectral
    torch.testing.assert_close(loss.total, parts + CONFIG.losses.commit * loss.commit)
    loss.total.backward()
    missing = [
        name
        for name, weight in shared.named_parameters()
        if weight.grad is None or not bool(weight.grad.any())
    ]
    assert missing == []


def test_the_top_level_has_the_weights_of_a_separate_one():
    """What is compared differs in what surrounds the top level, not in its size."""
    shared, separate = SharedAutoencoder(CONFIG), VQVAE(CONFIG)
    for ours, theirs in (
        (shared.encoder, separate.encoders[2]),
        (shared.decoder, separate.decoders[2]),
    ):
        assert [p.shape for p in ours.parameters()] == [p.shape for p in theirs.parameters()]


@pytest.mark.parametrize("shape", [(2, 120), (128,), (1, 2, 128), (1, 0)])
def test_audio_of_another_shape_is_refused(shared, shape):
    with pytest.raises(ShapeError, match="multiple of 16 samples"):
        shared.encode(torch.zeros(shape))


def test_codes_without_a_top_level_are_refused(shared):
    codes = shared.encode(noise(1, 128))
    with pytest.raises(ShapeError, match="3 entries, bottom first, the last of them not None"):
        shared.decode([*codes[:2], None])
    with pytest.raises(ShapeError, match="3 entries"):
        shared.decode(codes[2:])


def test_levels_of_different_width_cannot_share():
    with pytest.raises(ConfigError, match="multipliers.*all equal"):
        SharedAutoencoder(replace(CONFIG, multipliers=(2, 1, 1)))


# ---- one thing changed --------------------------------------------------------------------------


def test_without_quantization_vectors_pass_untouched_in_training_and_after():
    codebook = Unquantised(CONFIG)
    x = noise(2, 6, 10).requires_grad_()
    for mode in (True, False):
        out = codebook.train(mode)(x)
        assert torch.equal(out.vectors, x) and out.codes.shape == (2, 10)
        assert float(out.commit) == 0.0 and out.metrics is None
    out.vectors.sum().backward()
    assert torch.equal(x.grad, torch.ones_like(x))
    assert not bool(codebook.vectors.any())  # nothing was learned


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("bottom-512-no-restarts", {"revival_threshold"}),
        ("bottom-128", {"codebook_size"}),
        ("bottom-32", {"codebook_size"}),
        ("top-no-spectral-loss", {"losses"}),
        ("top-shared", set()),
    ],
)
def test_a_variant_differs_in_one_thing(name, changed):
    base = BY_NAME["bottom-512" if name.startswith("bottom") else "top"]
    ours, theirs = to_json_dict(BY_NAME[name].config), to_json_dict(base.config)
    assert {key for key in ours if ours[key] != theirs[key]} == changed
    if "losses" in changed:
        different = {k for k in ours["losses"] if ours["losses"][k] != theirs["losses"][k]}
        assert different == {"multispectral"}


def test_variants_of_one_seed_begin_with_the_same_weights():
    base = dict(build(BY_NAME["bottom-512"], 3).named_parameters())
    for name in ("bottom-512-no-restarts", "bottom-32", "bottom-unquantized", "top"):
        model = build(BY_NAME[name], 3)
        assert all(torch.equal(p, base[key]) for key, p in model.named_parameters()), name
    other = dict(build(BY_NAME["bottom-512"], 4).named_parameters())
    assert not torch.equal(other["encoders.0.blocks.0.leave.weight"],
                           base["encoders.0.blocks.0.leave.weight"])  # fmt: skip


@pytest.mark.parametrize("restarts", [True, False])
def test_only_with_restarts_a_neglected_code_comes_back(restarts):
    variant = BY_NAME["bottom-32" if restarts else "bottom-512-no-restarts"]
    codebook = build(variant, 0).bottleneck.codebooks[0].train()
    width = variant.config.emb_width
    codebook.vectors.fill_(100.0)  # far away from everything ...
    codebook.vectors[0] = 0.0  # ... but one
    codebook.restore_for_training(1.0)
    generator = torch.Generator().manual_seed(0)
    for _ in range(300):
        codebook(torch.randn(4, width, 8, generator=generator), generator=generator)
    near = codebook.vectors.abs().amax(1) < 50
    assert bool(near.all()) if restarts else int(near.sum()) == 1
    assert bool(codebook.vectors.isfinite().all())


def test_what_is_heard_of_a_codec_is_its_own_decoding():
    variant = BY_NAME["bottom-32"]
    model = build(variant, 0)
    model.bottleneck.codebooks[0].vectors.copy_(noise(32, 32) * 0.05)
    sound = noise(256)
    heard = hear(model, variant, sound)
    codes = model.encode(sound)
    assert torch.equal(heard.codes, codes[0][0]) and heard.all_levels is None
    torch.testing.assert_close(heard.sound, model.decode(codes, 0)[0])


# ---- orders -------------------------------------------------------------------------------------


def measured(*db):
    return Measured(db, (), used=3, perplexity=2.0, seconds=1.0)


def figures(codes_32):
    """One seed in the paper's order, but for the figure of 32 codes."""
    rows = {name: measured(-8.0, -8.2) for name in BY_NAME}
    rows |= {
        "bottom-unquantized": measured(-30.0, -31.0),
        "bottom-512": measured(-20.0, -22.0),
        "bottom-512-no-restarts": measured(-17.0, -23.0),
        "bottom-128": measured(-16.0, -18.0),
        "bottom-32": measured(*codes_32),
    }
    return rows


def test_an_order_agrees_only_if_every_neighbor_does():
    sizes = ABLATIONS[1]
    good = ordering(sizes, figures((-10.0, -11.0)))
    assert good.agrees and good.clear
    assert [d.mean for d in good.differences] == [9.5, 4.0, 6.5]
    bad = ordering(sizes, figures((-19.0, -19.5)))
    assert not bad.agrees and not bad.clear
    unsure = ordering(ABLATIONS[0], figures((-10.0, -11.0)))  # +3 dB for one song, -1 for the other
    assert unsure.agrees and not unsure.clear


def test_a_summary_names_the_seeds_that_disagree():
    results = {0: figures((-10.0, -11.0)), 5: figures((-19.0, -19.5))}
    told = summary(ABLATIONS[1], results)
    assert told["seeds in this order"] == [0]
    assert told["agrees in every seed"] is False
    assert "same order in 1 of 2 seeds" in markdown(results)


def test_the_papers_figures_are_in_the_order_that_we_expect():
    for ablation in ABLATIONS:
        assert len(ablation.paper) >= 2 and len(ablation.order) >= len(ablation.paper)
        assert list(ablation.paper.values()) == sorted(ablation.paper.values())
        assert set(ablation.order) <= set(BY_NAME)


def test_the_picture_has_a_mark_for_every_seed_of_every_variant():
    results = {0: figures((-10.0, -11.0)), 5: figures((-19.0, -19.5))}
    drawn = ablations_figure(panels(results))
    assert [axes.get_title("left") for axes in drawn.axes] == [
        ablation.name.capitalize() for ablation in ABLATIONS
    ]
    sizes = drawn.axes[1]
    rows = [list(line[0].get_xdata()) for line in sizes.containers]
    assert rows == [[-30.5, -21.0, -17.0, -10.5], [-30.5, -21.0, -17.0, -19.25]]
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["seed 0", "seed 5"]
    with pytest.raises(ConfigError, match="panels.*at least one, each with rows and seeds"):
        ablations_figure([])


# ---- the script ---------------------------------------------------------------------------------

TOY = ["--effort", "0.002", "--seeds", "7", "--songs", "2", "--held-out", "2"]


@pytest.mark.parametrize("effort", [0, -1.0, 4.0])
def test_an_effort_out_of_range_is_refused(tmp_path, effort):
    with pytest.raises(ConfigError, match="effort.*above 0 and at most 3.5.*neglected codes"):
        ablations.Plan(tmp_path, effort)


def test_without_restarts_no_code_comes_back_in_the_longest_run(tmp_path):
    steps = ablations.Plan(tmp_path, ablations.MOST_EFFORT).settings(0).steps
    config = BY_NAME["bottom-512-no-restarts"].config
    assert config.codebook_decay**steps > config.revival_threshold > torch.finfo().tiny


def test_the_script_from_songs_to_picture_and_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ablations, "SECONDS", (4.5, 5.0))
    assert ablations.main(["--out", str(tmp_path), *TOY]) == 0
    told = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert set(told["variants"]) == set(BY_NAME)
    shared = told["variants"]["top-shared"]["seeds"]["7"]
    assert shared["db"]["n"] == 2 and "db from the codes of all levels" in shared
    assert set(told["orderings"]) == {ablation.name for ablation in ABLATIONS}
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")
    table = capsys.readouterr().out
    assert "| no quantization |" in table and "of 1 seeds" in table

    # A finished run is not repeated: the same plan gives the same figures.
    states = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("state-*")}
    assert len(states) == len(VARIANTS)
    again = ablations.run(ablations.Plan(tmp_path, 0.002, (7,), n_songs=2, n_held_out=2))
    assert {name: told["variants"][name]["seeds"]["7"] for name in again[7]} == {
        name: figures.to_json() for name, figures in again[7].items()
    }
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("state-*")} == states
