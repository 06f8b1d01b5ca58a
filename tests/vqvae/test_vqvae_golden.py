"""The codec against numbers of the original program: outputs, codes, losses, one training step."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from jukebox_edu.config import LossConfig, VQVAEConfig
from jukebox_edu.vqvae import VQVAE, Bandwidth, Codebook
from jukebox_edu.vqvae import losses as loss_functions
from jukebox_edu.vqvae.bottleneck import tile

CASES = ("vqvae_tiny", "vqvae_2level")


def our_name(name: str, config: VQVAEConfig) -> str:
    """Released parameter name -> ours (spec 2.5)."""
    stack = r"model\.(\d+)\.model\.([13])\."
    parts = {"1": "dilated", "3": "pointwise"}

    def layer(match: re.Match[str]) -> str:
        return f"layers.{match[1]}.{parts[match[2]]}."

    if name.startswith("bottleneck"):
        return re.sub(r"level_blocks\.(\d+)\.k$", r"codebooks.\1.vectors", name)
    head = re.match(r"(encoders|decoders)\.(\d+)\.level_blocks\.(\d+)\.model\.(\d+)\.(.*)$", name)
    if head is None:
        return name  # decoders.{l}.out
    side, level, block, i, rest = head.groups()
    prefix = f"{side}.{level}.blocks.{block}."
    if side == "encoders":
        if int(i) == config.downs[int(block)]:
            return f"{prefix}leave.{rest}"
        step, conv, residual = int(i), "0.", "1."
    else:
        if i == "0":
            return f"{prefix}enter.{rest}"
        step, conv, residual = int(i) - 1, "1.", "0."
    if rest.startswith(residual + "model"):
        return f"{prefix}steps.{step}.residual." + re.sub(stack, layer, rest[2:])
    assert rest.startswith(conv)
    return f"{prefix}steps.{step}.conv.{rest[2:]}"


def config_of(hps: dict, **losses: object) -> VQVAEConfig:
    """Our configuration from released hyper-parameters."""
    tuples = {
        "n_ffts": "multispec_loss_n_fft",
        "hops": "multispec_loss_hop_length",
        "windows": "multispec_loss_window_size",
    }
    known = {
        "kind": hps["loss_fn"],
        "l1": hps["lmix_l1"],
        "l2": hps["lmix_l2"],
        "linf": hps["lmix_linf"],
        "linf_k": hps["linf_k"],
        "commit": hps["commit"],
        "spectral": hps["spectral"],
        "multispectral": hps["multispectral"],
        "relative_spectral": not hps["use_nonrelative_specloss"],
        **{ours: tuple(hps[theirs]) for ours, theirs in tuples.items()},
    }
    return VQVAEConfig(
        sample_rate=hps["sr"],
        downs=tuple(hps["downs_t"]),
        strides=tuple(hps["strides_t"]),
        emb_width=hps["emb_width"],
        codebook_size=hps["l_bins"],
        width=hps["width"],
        depth=hps["depth"],
        multipliers=tuple(hps["hvqvae_multipliers"] or [1] * hps["levels"]),
        m_conv=hps["m_conv"],
        dilation_growth=hps["dilation_growth_rate"],
        dilation_cycle=hps["dilation_cycle"],
        reverse_decoder_dilation=hps["vqvae_reverse_decoder_dilation"],
        codebook_decay=hps["l_mu"],
        revival_threshold=hps["revival_threshold"],
        losses=LossConfig(**{**known, **losses}),
    )


def build(case, **losses: object) -> VQVAE:
    """The golden model with its recorded weights, in eval mode."""
    config = config_of(case.manifest["config"]["hps"], **losses)
    file = case.folder / "vqvae.pth.tar"
    state = torch.load(file, map_location="cpu", weights_only=True)["model"]
    state = {key.removeprefix("module."): value for key, value in state.items()}
    model = VQVAE(config)
    model.load_state_dict({our_name(key, config): value for key, value in state.items()})
    return model.eval()


def loss_options(case) -> dict[str, float]:
    """Weights of the losses that the recorded metrics were computed with."""
    hps = case.manifest["config"]["loss_hps"]
    names = {"l1": "lmix_l1", "l2": "lmix_l2", "linf": "lmix_linf"}
    same = ("linf_k", "commit", "spectral", "multispectral")
    return {ours: hps[theirs] for ours, theirs in names.items()} | {n: hps[n] for n in same}


def close(actual, expected, tolerance: dict) -> None:
    actual = actual.detach().numpy() if isinstance(actual, torch.Tensor) else np.asarray(actual)
    np.testing.assert_allclose(actual, expected, **{"atol": 0.0, **tolerance})


def bandwidth_of(case) -> Bandwidth:
    return Bandwidth(**case.manifest["config"]["bandwidth"])


def metrics_of(result, levels: int) -> dict[str, float]:
    """Our result under the released metric names."""
    names = {
        "loss": result.total,
        "recons_loss": result.recons,
        "spectral_loss": result.spectral,
        "multispectral_loss": result.multispectral,
        "commit_loss": result.commit,
        "spectral_convergence": result.spectral_convergence,
        "l1_loss": result.l1,
        "l2_loss": result.l2,
        "linf_loss": result.linf,
    }
    for level in range(levels):
        part = result.levels[level]
        names[f"recons_loss_l{level + 1}"] = part.recons
        names[f"spectral_loss_l{level + 1}"] = part.spectral
        names[f"multispectral_loss_l{level + 1}"] = part.multispectral
    if result.codebook is not None:
        book = result.codebook
        names |= {"fit": book.fit, "pn": book.prenorm, "entropy": book.entropy}
        names |= {"used_curr": book.used, "usage": book.usage, "dk": book.dk}
    return {name: torch.as_tensor(value).item() for name, value in names.items()}


def check_metrics(metrics: dict[str, float], expected: dict[str, float], rtol: float) -> None:
    assert set(metrics) == set(expected)
    for name, value in expected.items():
        assert metrics[name] == pytest.approx(value, rel=rtol), name


@pytest.mark.parametrize("name", CASES)
def test_encoder_outputs_and_codes(golden, name):
    case = golden(name)
    model, audio = build(case), case.tensor("x")[..., 0]
    tolerance = case.manifest["tolerances"]["encoder"]
    for level, encoder in enumerate(model.encoders):
        x = audio[:, None]
        for b, block in enumerate(encoder.blocks[:-1]):
            x = block(x)
            close(x, case.arrays[f"enc_l{level}_block{b}"], tolerance)
        close(encoder(audio[:, None]), case.arrays[f"enc_l{level}"], tolerance)
    for level, codes in enumerate(model.encode(audio)):
        assert codes.dtype == torch.long
        np.testing.assert_array_equal(codes.numpy(), case.arrays[f"z_l{level}"])


@pytest.mark.parametrize("name", CASES)
def test_decoders(golden, name):
    case = golden(name)
    model, tolerance = build(case), case.manifest["tolerances"]["decoder"]
    codes = [case.tensor(f"z_l{level}") for level in range(model.levels)]
    for level in range(model.levels):
        close(model.decode(codes, level), case.arrays[f"dec_l{level}"][..., 0], tolerance)


@pytest.mark.parametrize(
    ("kind", "relative"),
    [("l1", False), ("l2", False), ("linf", False), ("lmix", False), ("l2", True)],
)
@pytest.mark.parametrize("name", CASES)
def test_every_loss_metric(golden, name, kind, relative):
    case = golden(name)
    config = case.manifest["config"]
    model = build(case, **loss_options(case), kind=kind, relative_spectral=relative)
    expected = config["losses_eval_relative_spec"] if relative else config["losses_eval"][kind]
    result = model.losses(case.tensor("x")[..., 0], bandwidth=bandwidth_of(case))
    rtol = case.manifest["tolerances"]["losses"]["rtol"]
    check_metrics(metrics_of(result, model.levels), expected, rtol)
    tolerance = case.manifest["tolerances"]["decoder"]
    close(result.reconstruction, case.arrays["x_out_forward"][..., 0], tolerance)
    assert result.codebook is None


@pytest.mark.parametrize("name", CASES)
def test_spectrograms_and_distances_per_item(golden, name):
    case = golden(name)
    hps = config_of(case.manifest["config"]["hps"]).losses
    audio, guess = case.tensor("x")[..., 0], case.tensor("x_out_forward")[..., 0]
    shapes = {"spec_default": loss_functions.SINGLE_RESOLUTION}
    for i, shape in enumerate(zip(hps.n_ffts, hps.hops, hps.windows, strict=True)):
        shapes[f"spec_multi{i}"] = shape
    for array, shape in shapes.items():
        magnitude = loss_functions.stft_magnitude(audio[:1], *shape)[:, ::64]
        close(magnitude, case.arrays[array], {"rtol": 1e-4, "atol": 1e-5})
    tolerance = case.manifest["tolerances"]["losses"]
    single = loss_functions.spectral_distance(audio, guess, *loss_functions.SINGLE_RESOLUTION)
    close(single, case.arrays["spectral_loss_items"], tolerance)
    multi = loss_functions.multispectral_distance(audio, guess, hps)
    close(multi, case.arrays["multispectral_loss_items"], tolerance)
    relative = loss_functions.spectral_convergence(audio, guess)
    close(relative, case.arrays["spectral_convergence_items"], tolerance)


@pytest.mark.parametrize("name", CASES)
def test_one_training_step(golden, name, monkeypatch):
    case = golden(name)
    step = case.manifest["config"]["train_step"]
    tolerances = case.manifest["tolerances"]
    model = build(case, **loss_options(case), kind=step["loss_fn"]).train()
    model.bottleneck.restore_for_training(tuple(step["num_tokens"]))
    for level, book in enumerate(model.bottleneck.codebooks):
        close(book.ema_sums, case.arrays[f"train_k_sum_before_l{level}"], tolerances["ema"])
        close(book.ema_counts, case.arrays[f"train_k_elem_before_l{level}"], tolerances["ema"])
        replay(monkeypatch, book, case.tensor(f"train_k_rand_l{level}"))

    result = model.losses(case.tensor("x")[..., 0], bandwidth=bandwidth_of(case))
    check_metrics(metrics_of(result, model.levels), step["metrics"] | {"loss": step["loss"]}, 1e-4)
    for level, book in enumerate(model.bottleneck.codebooks):
        close(book.vectors, case.arrays[f"train_k_after_l{level}"], tolerances["ema"])
        close(book.ema_sums, case.arrays[f"train_k_sum_after_l{level}"], tolerances["ema"])
        close(book.ema_counts, case.arrays[f"train_k_elem_after_l{level}"], tolerances["ema"])

    result.total.backward()
    parameters = dict(model.named_parameters())
    for theirs, norm in step["grad_norms"].items():
        gradient = parameters[our_name(theirs, model.config)].grad
        assert float(gradient.norm()) == pytest.approx(norm, rel=tolerances["grad"]["rtol"]), theirs
    assert len(step["grad_norms"]) == len(parameters)
    recorded = [key for key in case.arrays if key.startswith("grad__")]
    for key in recorded:
        gradient = parameters[our_name(key.removeprefix("grad__"), model.config)].grad
        close(gradient, case.arrays[key], tolerances["grad"])


def replay(monkeypatch, book: Codebook, candidates: torch.Tensor) -> None:
    """Make one codebook restart at recorded vectors instead of randomly drawn ones."""
    update = book.update
    monkeypatch.setattr(
        book, "update", lambda rows, codes, _drawn, reduce: update(rows, codes, candidates, reduce)
    )


@pytest.mark.parametrize("variant", ["plain", "restart", "tile", "sum2", "init"])
def test_codebook_learning(golden, variant, monkeypatch):
    case = golden("bottleneck_ema")
    hps = case.manifest["config"][variant]
    tolerance = case.manifest["tolerances"]["all"]

    def array(name: str) -> torch.Tensor:
        return case.tensor(f"{variant}__{name}")

    config = VQVAEConfig(
        emb_width=hps["emb_width"],
        codebook_size=hps["k_bins"],
        codebook_decay=hps["mu"],
        revival_threshold=hps["threshold"],
    )
    book, x = Codebook(config).train(), array("x").requires_grad_()
    rows = book.to_rows(x).detach()
    tiled = tile(rows, hps["k_bins"], array("tile_noise0") if hps.get("short") else None)
    drawn = tiled[array("perm0")][: hps["k_bins"]]
    close(drawn, array("k_rand0"), tolerance)
    if hps.get("init"):
        book.prepare(rows, array("k_rand0"))
        replay(monkeypatch, book, array("k_rand1"))
    else:
        book.vectors.copy_(array("k_before"))
        book.ema_sums.copy_(array("k_sum_before"))
        book.ema_counts.copy_(array("k_elem_before"))
        replay(monkeypatch, book, array("k_rand0"))

    result = book(x)
    assert torch.equal(result.codes, array("codes"))
    close(result.vectors, array("out"), tolerance)
    close(result.commit, array("commit"), tolerance)
    close(book.vectors, array("k_after"), tolerance)
    close(book.ema_sums, array("k_sum_after"), tolerance)
    close(book.ema_counts, array("k_elem_after"), tolerance)
    names = {"pn": "prenorm", "used_curr": "used"}
    for name, value in hps["metrics"].items():
        ours = getattr(result.metrics, names.get(name, name))
        assert ours == pytest.approx(value, rel=1e-5, abs=1e-6), name
