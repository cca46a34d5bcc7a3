"""Partial targets: what nobody decided about moves nothing, and rare answers count as much as common ones."""

import math

import numpy as np
import pytest

from intercoder.core.codebook import Code
from intercoder.core.errors import InputError
from intercoder.training.distillation.heads import (
    TextItem,
    check_targets,
    class_weights,
    loss_of,
    targets_of,
    weight_of,
)

torch = pytest.importorskip("torch")
CODES = [Code(id=name, label=f"code {name}") for name in "abc"]
EVEN = torch.ones(2, 3)


def test_targets_hold_what_was_decided() -> None:
    found = targets_of([TextItem("x", {"a": True, "c": False}), TextItem("y", {})], ["a", "b", "c"])
    assert found.tolist() == [[1, -1, 0], [-1, -1, -1]]
    assert targets_of([], ["a"]).shape == (0, 1)


def test_what_nobody_decided_moves_no_logit() -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    targets = torch.tensor([[1.0, -1, 0], [-1, -1, -1]])
    loss = loss_of(logits, targets, "multi_label", EVEN)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert logits.grad.tolist() == [[-0.25, 0, 0.25], [0, 0, 0]]


def test_of_exclusive_codes_the_chosen_one_is_learnt_and_excluded_ones_are_unlearnt() -> None:
    logits = torch.zeros(3, 3, requires_grad=True)
    targets = torch.tensor([[1.0, 0, 0], [0, -1, -1], [-1, -1, -1]])
    loss = loss_of(logits, targets, "one_of_k", EVEN)
    loss.backward()
    assert loss.item() == pytest.approx((math.log(3) + math.log(3 / 2)) / 2)
    third = 1 / 3
    assert logits.grad[0].tolist() == pytest.approx([(third - 1) / 2, third / 2, third / 2])
    assert logits.grad[1].tolist() == pytest.approx([third / 2, -third / 4, -third / 4])
    assert logits.grad[2].tolist() == [0, 0, 0]


@pytest.mark.parametrize("head", ["multi_label", "one_of_k"])
def test_a_batch_in_which_nothing_was_decided_costs_nothing(head: str) -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    loss = loss_of(logits, torch.full((2, 3), -1.0), head, EVEN)  # type: ignore[arg-type]
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0


def test_weights_make_answers_count_the_same_in_all() -> None:
    targets = np.array([[1.0, 1]] + [[0, 1]] * 3 + [[-1, 1]])
    assert class_weights(targets, "multi_label", 10).tolist() == [[4 / 6, 2.5], [2.0, 0.5]]
    assert class_weights(targets, "multi_label", 1.5)[1].tolist() == [1.5, 1 / 1.5]
    chosen = np.eye(3)[[0, 0, 0, 1, 1, 2]]
    assert class_weights(chosen, "one_of_k", 10)[1].tolist() == [6 / 9, 1, 2]


def test_a_weighted_mistake_counts_more() -> None:
    targets = torch.tensor([[1.0], [0.0]])
    weights = torch.tensor([[1.0], [3.0]])
    logits = torch.tensor([[-1.0], [-1.0]])
    wrong, right = math.log(1 + math.e), math.log(1 + 1 / math.e)
    assert loss_of(logits, targets, "yes_no", weights).item() == pytest.approx((3 * wrong + right) / 4)


@pytest.mark.parametrize("head", ["multi_label", "one_of_k"])
def test_parts_of_a_step_lose_together_what_the_step_loses(head: str) -> None:
    targets = torch.tensor([[1.0, 0, 0], [0, -1, -1], [0, 0, 1], [-1, -1, -1]])
    logits = torch.arange(12.0).reshape(4, 3).sin()
    weights = torch.tensor([[1.0, 2, 3], [3.0, 1, 2]])
    whole = weight_of(targets, head, weights)  # type: ignore[arg-type]
    parts = [loss_of(logits[at], targets[at], head, weights, whole) for at in (slice(0, 1), slice(1, 4))]  # type: ignore[arg-type]
    assert sum(parts).item() == pytest.approx(loss_of(logits, targets, head, weights).item())  # type: ignore[arg-type,attr-defined]


@pytest.mark.parametrize(
    ("rows", "head", "told"),
    [
        ([[-1, -1, -1]], "multi_label", "nothing to learn"),
        ([[1, 1, 0], [0, 1, 1]], "multi_label", "'code b' there is no segment with the answer no"),
        ([[0, 1, 0], [0, 0, 1]], "multi_label", "'code a' there is no segment with the answer yes"),
        ([[1, 1, 0]], "one_of_k", "two codes that exclude"),
        ([[1, 0, 0], [0, 1, 0]], "one_of_k", "no segment has 'code c'"),
    ],
)
def test_targets_that_teach_nothing_are_refused(rows: list[list[int]], head: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_targets(np.array(rows, dtype=float), head, CODES, "here")  # type: ignore[arg-type]


def test_targets_that_teach_are_let_through() -> None:
    check_targets(np.eye(3), "one_of_k", CODES, "here")
    check_targets(np.eye(3), "multi_label", CODES, "here")
