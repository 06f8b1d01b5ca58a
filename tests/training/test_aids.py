"""Training aids: what they reward, by hand-made cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from jukebox_edu.training.aids import (
    LogMelLoss,
    PhoneHead,
    guidance_loss,
    guidance_targets,
    hidden_spans,
    letter_phones,
    spoken_for,
    word_spans,
)
from jukebox_edu.training.schedule import warmup_cosine


def test_word_spans_cover_words_and_leave_gaps_alone():
    spans = word_spans("we go\non")
    assert spans.tolist() == [[0, 2], [0, 2], [2, 3], [3, 5], [3, 5], [5, 6], [6, 8], [6, 8]]


def test_states_have_seen_the_character_before_them():
    """State i has read characters up to i - 1, so the word 'go' is found one state later."""
    lyrics = "we go"
    indices = np.array([-1, 0, 1, 2, 3, 4])  # one padding token in front
    targets = guidance_targets(np.array([3, -1, 0]), lyrics, indices)
    assert targets[0].tolist() == [False, False, False, False, False, True]  # 'g' seen at the end
    assert not targets[1].any()  # silence asks for nothing
    assert targets[2].tolist() == [False, False, True, True, False, False]


def test_a_state_speaks_for_the_character_so_many_places_before_it():
    indices = np.array([-1, 0, 1, 2, 3, 4])
    assert spoken_for(indices, 0).tolist() == indices.tolist()
    assert spoken_for(indices, 1).tolist() == [-1, -1, 0, 1, 2, 3]
    assert spoken_for(indices, 3).tolist() == [-1, -1, -1, -1, 0, 1]
    assert spoken_for(np.array([4, 5]), 3).tolist() == [-1, -1]  # as many as there are tokens


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_targets_move_with_ahead(ahead):
    """The states of a word are those of its characters, moved by `ahead`; what leaves is lost."""
    lyrics = "we go"
    indices = np.array([-1, 0, 1, 2, 3, 4])
    target = guidance_targets(np.array([0]), lyrics, indices, ahead)[0]
    assert np.flatnonzero(target).tolist() == [i + ahead for i in (1, 2) if i + ahead < 6]


def test_letters_are_said_as_they_begin_and_unsung_ones_are_unknown():
    """The first frame counts; silence (-1) says nothing of padding (-1)."""
    characters = np.array([-1, 3, 3, 4, -1])
    phones = np.array([0, 7, 8, 9, 0])
    spoken = np.array([-1, 2, 3, 4, 5])
    assert letter_phones(characters, phones, spoken).tolist() == [-1, -1, 7, 9, -1]


def test_guidance_loss_is_minus_log_of_the_mass_on_the_word():
    weights = torch.tensor([[[[0.25, 0.75], [0.5, 0.5]]]])  # (batch, heads, frames, tokens)
    targets = torch.tensor([[[False, True], [False, False]]])
    loss = guidance_loss(weights, targets)
    assert loss.item() == pytest.approx(-math.log(0.75), abs=1e-5)


def test_guidance_loss_pulls_attention_towards_the_word():
    scores = torch.zeros(1, 1, 1, 3, requires_grad=True)
    targets = torch.tensor([[[False, True, False]]])
    guidance_loss(scores.softmax(-1), targets).backward()
    assert scores.grad[0, 0, 0, 1] < 0 < scores.grad[0, 0, 0, 0]


def test_hidden_spans_hide_about_the_share_asked_for_in_whole_spans():
    hidden = hidden_spans((400, 500), 0.25, 6, torch.Generator().manual_seed(0))
    assert 0.18 < hidden.float().mean().item() < 0.26  # spans overlap a little
    edges = torch.nn.functional.pad(hidden.int(), (1, 1)).diff(dim=1)
    lengths = [
        int(stop - start)
        for row in edges
        for start, stop in zip((row == 1).nonzero(), (row == -1).nonzero(), strict=True)
        if stop < 500
    ]
    assert min(lengths) == 6


def test_warmup_rises_then_falls_to_a_twentieth():
    factors = [warmup_cosine(step, 1000, 100) for step in range(1000)]
    assert factors[0] == pytest.approx(0.01)
    assert max(factors) == pytest.approx(1.0)
    assert factors[-1] == pytest.approx(0.05, abs=1e-4)
    assert np.argmax(factors) in (99, 100)


def test_log_mel_loss_is_zero_for_equal_sounds_and_counts_loudness_in_logs():
    loss = LogMelLoss(16000)
    sound = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    assert loss(sound, sound).item() == 0.0
    assert loss(sound, sound / 2).item() == pytest.approx(math.log(2), rel=0.02)


def test_phone_head_learns_what_the_codes_say():
    torch.manual_seed(0)
    phones = torch.randint(5, (4, 40))
    vectors = torch.nn.functional.one_hot(phones, 8).float().transpose(1, 2)
    head = PhoneHead(8, 5, kernel=1)
    optimizer = torch.optim.Adam(head.parameters(), 0.01)
    first = head.loss(vectors, phones).item()
    for _ in range(60):
        optimizer.zero_grad()
        head.loss(vectors, phones).backward()
        optimizer.step()
    assert head.loss(vectors, phones).item() < 0.1 * first
