"""Laws of the codebook: nearest rows, straight-through gradients, moving averages, restarts."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.errors import ShapeError
from jukebox_edu.vqvae import Codebook
from jukebox_edu.vqvae.bottleneck import ROWS_AT_ONCE, draw_candidates, tile

TWO = VQVAEConfig(emb_width=2, codebook_size=2, codebook_decay=0.5)


def filled(config: VQVAEConfig, seed: int = 0) -> Codebook:
    """A codebook with random vectors."""
    book = Codebook(config)
    shape = book.vectors.shape
    book.vectors.copy_(torch.randn(shape, generator=torch.Generator().manual_seed(seed)))
    return book


def two_rows() -> Codebook:
    """Rows (0, 0) and (10, 0), each counted once."""
    book = Codebook(TWO)
    book.vectors.copy_(torch.tensor([[0.0, 0.0], [10.0, 0.0]]))
    book.restore_for_training(2)
    return book


def test_codebook_vectors_encode_to_their_own_row():
    book = filled(VQVAEConfig(emb_width=5, codebook_size=40))
    codes = torch.arange(40).view(2, 20)
    assert torch.equal(book.encode(book.decode(codes)), codes)


def test_nearest_agrees_with_the_plain_definition_in_every_piece():
    book = filled(VQVAEConfig(emb_width=3, codebook_size=8))
    rows = torch.randn(ROWS_AT_ONCE + 7, 3, generator=torch.Generator().manual_seed(1))
    codes, distances = book.nearest(rows)
    plain = (rows[:, None] - book.vectors[None]).square().sum(2)  # (n, codebook_size)
    assert torch.equal(codes, plain.argmin(1))
    torch.testing.assert_close(distances, plain.min(1).values, rtol=1e-4, atol=1e-5)


def test_ties_go_to_the_lowest_code():
    book = Codebook(VQVAEConfig(emb_width=2, codebook_size=4))
    book.vectors.copy_(torch.tensor([[5.0, 5.0], [1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]))
    rows = torch.tensor([[1.0, 0.0], [0.0, 3.0]])  # row 1 = row 2; then a tie of rows 1, 2 and 3
    assert book.nearest(rows)[0].tolist() == [1, 1]


def test_gradient_passes_straight_through():
    book = two_rows()
    x = torch.tensor([[[1.0, 8.0], [0.0, 1.0]]], requires_grad=True)  # vectors (1, 0) and (8, 1)
    weights = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    result = book(x)
    torch.testing.assert_close(result.vectors, torch.tensor([[[0.0, 10.0], [0.0, 0.0]]]))
    (result.vectors * weights).sum().backward()
    torch.testing.assert_close(x.grad, weights)


def test_commitment_pulls_the_encoder_only():
    book = two_rows()
    x = torch.tensor([[[1.0, 8.0], [0.0, 1.0]]], requires_grad=True)
    commit = book(x).commit
    assert commit.item() == pytest.approx((1 + 4 + 1) / 4)
    commit.backward()
    torch.testing.assert_close(x.grad, 2 * torch.tensor([[[1.0, -2.0], [0.0, 1.0]]]) / 4)


def test_moving_averages_by_hand_on_four_vectors():
    book = two_rows()
    rows = torch.tensor([[1.0, 0.0], [-1.0, 2.0], [3.0, 1.0], [9.0, 1.0]])
    codes, _ = book.nearest(rows)
    assert codes.tolist() == [0, 0, 0, 1]
    book.update(rows, codes, torch.full((2, 2), 99.0))
    # Row 0: count (1 + 3) / 2 = 2, sum ((0, 0) + (3, 3)) / 2; row 1: count 1, sum (9.5, 0.5).
    torch.testing.assert_close(book.ema_counts, torch.tensor([2.0, 1.0]))
    torch.testing.assert_close(book.ema_sums, torch.tensor([[1.5, 1.5], [9.5, 0.5]]))
    torch.testing.assert_close(book.vectors, torch.tensor([[0.75, 0.75], [9.5, 0.5]]))


def test_neglected_row_restarts_at_its_candidate_and_keeps_its_averages():
    book = two_rows()
    rows, codes = torch.tensor([[1.0, 0.0], [-1.0, 2.0]]), torch.tensor([0, 0])
    candidates = torch.tensor([[7.0, 7.0], [8.0, 8.0]])
    _, used, usage, _ = book.update(rows, codes, candidates)
    assert (used, usage) == (1.0, 1.0)
    assert book.vectors[1].tolist() == [8.0, 8.0]  # its average count is now 0.5 < 1
    assert book.ema_counts.tolist() == [1.5, 0.5]
    assert book.ema_sums[1].tolist() == [5.0, 0.0]
    book.update(rows, codes, candidates + 1)
    assert book.vectors[1].tolist() == [9.0, 9.0]  # still neglected: it restarts again


def test_relative_rule_scales_with_the_batch():
    absolute = Codebook(VQVAEConfig(codebook_size=8, revival_threshold=1.5))
    assert absolute.threshold(16) == absolute.threshold(1600) == 1.5
    relative = Codebook(VQVAEConfig(codebook_size=8, relative_revival=0.1))
    assert relative.threshold(16) == pytest.approx(0.2)
    assert relative.threshold(1600) == pytest.approx(20.0)


def test_relative_rule_decides_who_restarts():
    rows, codes = torch.ones(8, 2), torch.tensor([0] * 7 + [1])
    candidates = torch.full((2, 2), 99.0)
    for share, restarts in [(0.2, False), (0.4, True)]:  # row 1: count (4 + 1) / 2 = 2.5, mean 4
        book = Codebook(dataclasses.replace(TWO, relative_revival=share * 2))
        book.vectors.copy_(torch.tensor([[0.0, 0.0], [10.0, 0.0]]))
        book.restore_for_training(8)
        book.update(rows, codes, candidates)
        assert (book.vectors[1, 0].item() == 99.0) == restarts


def test_a_row_is_not_neglected_before_its_first_step():
    config = VQVAEConfig(emb_width=2, codebook_size=4, relative_revival=0.5)
    book, x = Codebook(config), torch.randn(1, 2, 400)
    result = book(x, generator=torch.Generator().manual_seed(0))
    assert result.metrics.usage == 4.0


def test_eval_mode_leaves_the_codebook_untouched():
    book, x = filled(TWO).eval(), torch.randn(2, 2, 9, requires_grad=True)
    before = {name: value.clone() for name, value in book.named_buffers()}
    result = book(x)
    assert result.metrics is None and not result.vectors.requires_grad
    for name, value in book.named_buffers():
        assert torch.equal(value, before[name]), name


def test_empty_codebook_fills_itself_from_the_first_batch():
    book, x = Codebook(VQVAEConfig(emb_width=2, codebook_size=8)), torch.randn(1, 2, 8)
    book.prepare(book.to_rows(x), generator=torch.Generator().manual_seed(0))
    assert book.vectors.sort(0).values.equal(book.to_rows(x).sort(0).values)
    assert book.ema_counts.tolist() == [1.0] * 8
    before = book.vectors.clone()
    book.prepare(torch.zeros(8, 2))
    assert torch.equal(book.vectors, before)


def test_loaded_codebook_is_not_overwritten_by_training():
    book = filled(VQVAEConfig(emb_width=2, codebook_size=4))
    before = book.vectors.clone()
    book.prepare(torch.randn(12, 2))
    assert torch.equal(book.vectors, before)
    assert book.ema_counts.tolist() == [3.0] * 4
    torch.testing.assert_close(book.ema_sums / 3, before)


def test_same_generator_same_result():
    x = torch.randn(2, 4, 10)
    config = VQVAEConfig(emb_width=4, codebook_size=32)  # fewer rows than codes: noise is drawn too

    def vectors(seed: int) -> torch.Tensor:
        book = Codebook(config)
        book(x, generator=torch.Generator().manual_seed(seed))
        return book.vectors

    assert torch.equal(vectors(3), vectors(3))
    assert not torch.equal(vectors(3), vectors(4))


def test_candidates_are_different_rows():
    rows = torch.arange(20.0).view(10, 2)
    drawn = draw_candidates(rows, 10, torch.Generator().manual_seed(0))
    assert drawn[:, 0].sort().values.equal(rows[:, 0])
    assert tile(rows, 10) is rows
    tiled = tile(rows, 25, torch.zeros(30, 2))
    assert torch.equal(tiled, rows.repeat(3, 1))


def test_workers_learn_as_one_would_from_all_their_rows():
    rows = torch.randn(12, 2, generator=torch.Generator().manual_seed(0))
    alone, together = two_rows(), two_rows()
    codes, _ = alone.nearest(rows)
    candidates = torch.full((2, 2), 5.0)
    alone.update(rows, codes, candidates)
    other = {"counts": torch.bincount(codes[6:], minlength=2).float(), "sums": torch.zeros(2, 2)}
    other["sums"].index_add_(0, codes[6:], rows[6:])

    def reduce(tensor: torch.Tensor, how: str) -> torch.Tensor:
        """This worker has the first half of the rows, another one the second."""
        if how == "first":
            return candidates
        return tensor + (other["counts"] if tensor.ndim == 1 else other["sums"])

    together.update(rows[:6], codes[:6], torch.zeros(2, 2), reduce)
    torch.testing.assert_close(together.vectors, alone.vectors)
    torch.testing.assert_close(together.ema_counts, alone.ema_counts)


def test_autocast_does_not_change_the_codes():
    book = filled(VQVAEConfig(emb_width=16, codebook_size=64))
    x = torch.randn(1, 16, 200, generator=torch.Generator().manual_seed(2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        codes = book.encode(x)
    assert torch.equal(codes, book.encode(x))


def test_wrong_channels_are_refused():
    message = r"x.shape=\(1, 3, 5\): must be \(batch, 2 or 4, tokens\)"
    with pytest.raises(ShapeError, match=message):
        two_rows()(torch.zeros(1, 3, 5))
