"""Real songs go through every path: loaded, encoded, decoded from each level, used as prompts.

The songs are licensed and never part of the project; without them these tests are skipped.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import jukebox_edu as jb

NAMES = ("de_bonne_humeur", "fantasma", "miedo", "te_amo")


@pytest.fixture(scope="module")
def model():
    return jb.load("tiny", device="cpu")


@pytest.fixture(params=NAMES)
def song_path(request, shared_folder):
    path = shared_folder / "music" / f"{request.param}.mp3"
    if not path.exists():
        pytest.skip(f"{path.name} is not in the folder of licensed material")
    return path


def test_a_real_song_is_encoded_and_decoded_from_each_level(model, song_path):
    clip = jb.audio.load(song_path, sample_rate=model.sample_rate, start=20.0, seconds=6.0)
    assert clip.samples.dtype == np.float32
    codes = model.encode(clip.samples)
    for level, hop in enumerate(model.hop_lengths):
        assert codes[level].shape == (1, -(-len(clip.samples) // 256) * 256 // hop)
        audio = model.decode(codes, level)
        assert audio.shape[1] == codes[level].shape[1] * hop
        assert torch.isfinite(audio).all()
    # the bottom level keeps more than the top
    original = torch.nn.functional.pad(
        torch.from_numpy(clip.samples), (0, audio.shape[1] - len(clip.samples))
    )
    errors = [float((model.decode(codes, level)[0] - original).square().mean()) for level in (0, 2)]
    assert errors[0] < errors[1]
    assert errors[0] < float(original.square().mean())


def test_a_real_song_is_continued(model, song_path, tmp_path):
    clip = jb.audio.load(song_path, sample_rate=model.sample_rate, start=30.0, seconds=2.0)
    options = {"lyrics": song_path.with_suffix(".txt").read_text(encoding="utf-8")[:200]}
    song = model.sample(
        prompt=clip.samples, seconds=4.0, levels=(2,), seed=3, progress=False, **options
    )
    prompt = model.encode(clip.samples[: len(clip.samples) // 256 * 256])[2]
    assert torch.equal(torch.as_tensor(song.codes[2])[:, : prompt.shape[1]], prompt)
    assert song.audio(level=2).shape[-1] == 4 * 16000 // 256 * 256
