"""The whole way from labels to sound against numbers of the original program, codes exactly.

Three tiny random levels write a batch of two songs greedily, in the four modes of the release:
from nothing, from recorded sound, from a song that is continued, and from a top level alone.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from jukebox_edu.checkpoints import load_openai_prior, load_openai_vqvae
from jukebox_edu.config import ModelConfig
from jukebox_edu.labels import LevelLabels, SongLabels
from jukebox_edu.model import Jukebox
from jukebox_edu.sampling import SamplingOptions, make_plan, sample_level

RUNS = ("ancestral", "primed", "continue", "upsample")


def hparams(case):
    """The released names of a golden prior, with those of its codec."""
    config = case.manifest["config"]
    codec = {key: config["vqvae"][key] for key in ("downs_t", "strides_t", "l_bins")}
    return {**config["hps"], **codec}


@pytest.fixture
def machine(golden):
    """The three levels of the pipeline case, as one model."""
    facts = golden("pipeline").manifest["config"]
    codec = golden(facts["vqvae_case"])
    vqvae = load_openai_vqvae(codec.folder / "vqvae.pth.tar", codec.manifest["config"]["hps"])
    priors = []
    for name in facts["prior_cases"]:
        case = golden(name)
        priors.append(load_openai_prior(case.folder / "prior.pth.tar", hparams(case), vqvae))
    config = ModelConfig("golden-1", vqvae.config, tuple(prior.config for prior in priors))
    assert [prior.n_ctx for prior in config.priors] == facts["window_lengths"]
    return Jukebox(config, vqvae, priors)


def level_labels(prior, recorded):
    """What one level is told; the golden ids belong to no list of names."""
    y, infos = np.array(recorded["y"]), recorded["info"]
    slots = prior.labels.max_genres
    told = LevelLabels(
        level=prior.level,
        n_ctx=prior.n_ctx,
        hop_length=prior.hop_length,
        sample_rate=prior.sample_rate,
        n_tokens=prior.lyrics.n_tokens if prior.lyrics else 0,
        config=prior.labels,
        artist_ids=tuple(y[:, 3].tolist()),
        artist_names=tuple(info["artist"] for info in infos),
        genre_ids=tuple(map(tuple, y[:, 4 : 4 + slots].tolist())),
        genre_names=tuple(info["genre"] for info in infos),
        lyrics=tuple(info["lyrics"] for info in infos),
        starts=(None,) * len(infos),
    )
    assert [list(tokens) for tokens in told.tokens] == [info["full_tokens"] for info in infos]
    return told


def song_labels(machine, case):
    recorded = case.manifest["labels"]
    pairs = zip(machine.config.priors, recorded, strict=True)
    levels = tuple(level_labels(prior, labels) for prior, labels in pairs)
    top = levels[-1]
    return SongLabels(
        artist=top.artist_names,
        genre=top.genre_names,
        lyrics=top.lyrics,
        total_length=case.manifest["config"]["total_length"],
        offset=0,
        levels=levels,
        timings=top.starts,
    )


def beginning(machine, case, run):
    """Codes of every level that a run begins with, bottom first."""
    n = case.manifest["config"]["n_samples"]
    codes = [torch.zeros(n, 0, dtype=torch.long) for _ in range(machine.levels)]
    if run == "primed":
        codes = list(machine.encode(case.tensor("primed__x_prompt").squeeze(-1)))
    elif run == "continue":
        lengths = case.manifest["config"]["continue_initial_lengths"]
        whole = [case.tensor(f"ancestral__z{level}").long() for level in range(machine.levels)]
        codes = [c[:, :length] for c, length in zip(whole, lengths, strict=True)]
    elif run == "upsample":
        codes[-1] = case.tensor("upsample__z_top").long()
    return codes


def write(machine, case, run, levels=None):
    """Carry a run out with the public parts; returns the codes of every level."""
    facts, codes = case.manifest["config"], beginning(machine, case, run)
    kwargs = facts["sampling_kwargs"]
    plan = make_plan(
        machine.config,
        seconds=facts["sample_length"] / machine.sample_rate,
        total_seconds=facts["total_length"] / machine.sample_rate,
        n_samples=facts["n_samples"],
        levels=(1, 0) if run == "upsample" else levels,
        options=SamplingOptions(
            temperature=kwargs["temp"], top_k=kwargs["top_k"], hop_fraction=facts["hop_fraction"]
        ),
        existing=[c.shape[1] for c in codes],
    )
    assert (plan.length, plan.total_length) == (facts["sample_length"], facts["total_length"])
    labels = song_labels(machine, case)
    for level in plan.levels:
        above = codes[level.level + 1] if level.level + 1 < machine.levels else None
        prior = machine.priors[level.level]
        steps = sample_level(prior, level, codes[level.level], upper_codes=above, labels=labels)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                codes[level.level] = end.value
                break
    return codes


@pytest.mark.parametrize("run", RUNS)
def test_every_code_of_every_level_is_equal(golden, machine, run):
    case = golden("pipeline")
    codes = write(machine, case, run)
    assert [c.shape[1] for c in codes] == case.manifest["config"]["runs"][run]["lengths"]
    for level, mine in reversed(list(enumerate(codes))):  # the top first: errors travel down
        recorded = case.tensor(f"{run}__z{level}").long()
        different = (mine != recorded).nonzero()
        assert not len(different), f"level {level}, first difference at {different[0].tolist()}"
    sound = machine.decode(codes)
    recorded_sound = case.arrays[f"{run}__x0"][..., 0]
    step = math.ceil(sound.shape[1] / recorded_sound.shape[1])  # not every sample was kept
    np.testing.assert_allclose(sound[:, ::step], recorded_sound, rtol=0, atol=1e-4)


def test_a_wrong_label_is_noticed(golden, machine):
    """The comparison above can fail: with another artist the top level is another one."""
    case = golden("pipeline")
    changed = case.manifest["labels"][2]["y"]
    for row in changed:
        row[3] = (row[3] + 1) % machine.config.priors[2].labels.n_artists
    top = write(machine, case, "ancestral", levels=2)[2]
    assert not torch.equal(top, case.tensor("ancestral__z2").long())
