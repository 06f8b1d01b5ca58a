"""The levels heard, seen and measured beside each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jukebox_edu.errors import ConfigError
from jukebox_edu.page import Track
from jukebox_edu.plotting.levels import detail_figure, levels_figure
from jukebox_edu.vqvae.losses import spectral_convergence
from jukebox_edu.widgets import LevelsView


def test_a_recording_is_compared_with_every_level(model, html):
    noise = np.random.default_rng(0).normal(0, 0.1, 1900).astype(np.float32)
    view = LevelsView(model, noise)
    names = [version.track.label for version in view.versions]
    assert names == ["original", "bottom level", "middle level", "top level"]
    assert all(version.track.samples.size == 1900 for version in view.versions)
    codes = model.encode(noise)
    for version in view.versions[1:]:
        decoded = model.decode(codes, version.level)[0, :1900]
        assert np.allclose(version.track.samples, decoded.numpy(), atol=1e-6)
        ratio = spectral_convergence(torch.from_numpy(noise)[None], decoded[None]).item()
        assert version.convergence_db == pytest.approx(20 * np.log10(ratio), abs=1e-3)
        assert f"{version.convergence_db:.1f} dB" in html(view)
    assert html(view).count("<audio") == 4


def test_the_finer_the_level_the_nearer(recording):
    view = LevelsView(recording.model, recording.audio(0))
    distances = [version.convergence_db for version in view.versions[1:]]
    assert distances == sorted(distances) and distances[-1] < 0


def test_a_song_is_compared_with_its_finest_level(song):
    view = LevelsView(song)
    assert [version.level for version in view.versions] == [0, 1, 2]
    assert view.versions[0].convergence_db is None
    top = LevelsView(song._changed([c[:, : 0 if i < 2 else None] for i, c in enumerate(song.codes)],
                                   "only the top"))  # fmt: skip
    assert [version.level for version in top.versions] == [2] and "Only the" in top._sentence()


def test_pictures_and_moment_can_be_chosen(song, html):
    view = LevelsView(song)
    spectra = html(view)
    view.picture.value = "waveforms, close up"
    close = html(view)
    assert close != spectra and view.at.layout.display == "" and "Waveforms of every" in close
    view.at.value = 0.5
    assert html(view) != close and "around 0.50 s" in html(view)
    view.picture.value = "spectrograms"
    assert view.at.layout.display == "none" and html(view) == spectra


def test_long_sounds_are_played_in_stretches(recording, html):
    view = LevelsView(recording.model, np.tile(recording.audio(0), 3))
    assert view.start.layout.display == "" and view.data.seconds < 10
    before = view.data.tracks[0].samples
    view.start.value = 4.0
    assert not np.array_equal(view.data.tracks[0].samples, before)
    assert len(html(view)) <= 400_000


def test_wrong_sources_are_refused(model, song):
    with pytest.raises(ConfigError, match="audio=None: must be sound"):
        LevelsView(model)
    with pytest.raises(ConfigError, match="None with a song"):
        LevelsView(song, np.zeros(100, np.float32))


def test_figures_share_axes_and_refuse_mixed_rates():
    tone = np.sin(np.arange(8000) / 5).astype(np.float32)
    tracks = [Track("a", tone, 8000), Track("b", 0.1 * tone, 8000)]
    figure = levels_figure(tracks, ("", "-20 dB"))
    first, second = figure.axes[:2]
    assert first.get_ylim() == second.get_ylim() == (0, 4)
    loud, quiet = (axes.images[0].get_array() for axes in (first, second))
    assert loud.max() == pytest.approx(0, abs=1e-6)  # decibels below the loudest of the first
    assert quiet.max() == pytest.approx(-20, abs=0.1)
    close = detail_figure(tracks, 0.5)
    assert len(close.axes) == 2 and close.axes[0].get_xlim()[0] < 0.5 < close.axes[0].get_xlim()[1]
    with pytest.raises(ConfigError, match="all at one rate"):
        levels_figure([tracks[0], Track("c", tone, 4000)])
    with pytest.raises(ConfigError, match="at=2: must be from 0 to the 1 s"):
        detail_figure(tracks, 2)
