"""A head begins with what the encoder tells apart already."""

import numpy as np
import pytest

from intercoder.llms.classifiers.class_probabilities import probabilities
from intercoder.training.distillation.head_start import first_head

pytest.importorskip("sklearn")
VECTORS = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32) * 3
TRUE = (VECTORS[:, :3] > 0).astype(float)


def test_each_code_is_told_from_what_was_decided_about_it() -> None:
    targets = TRUE.copy()
    targets[100:, 1] = -1
    targets[:, 2] = 1
    found = first_head(VECTORS, targets, "multi_label", balanced=True)
    given = VECTORS @ found.weight.T + found.bias
    assert ((given[:, :2] > 0) == TRUE[:, :2]).mean() > 0.95
    assert not found.weight[2].any()
    assert found.bias[2] == 0


@pytest.mark.parametrize("codes", [2, 3])
def test_of_exclusive_codes_the_chosen_one_is_the_most_probable(codes: int) -> None:
    chosen = VECTORS[:, :codes].argmax(axis=1)
    targets = np.eye(codes)[chosen]
    targets[250:] = -1
    found = first_head(VECTORS, targets, "one_of_k", balanced=True)
    given = probabilities(VECTORS @ found.weight.T + found.bias, "one_of_k")
    assert (given.argmax(axis=1) == chosen).mean() > 0.9


def test_a_rare_answer_counts_as_much_as_a_common_one_if_balanced() -> None:
    rare = (VECTORS[:, :1] > 4).astype(float)
    shares = [
        ((VECTORS @ found.weight.T + found.bias)[:, 0] > 0).mean()
        for found in (first_head(VECTORS, rare, "yes_no", balanced=one) for one in (True, False))
    ]
    assert shares[0] > shares[1]


def test_without_two_answers_the_head_is_undecided() -> None:
    found = first_head(VECTORS, np.tile([1.0, 0.0], (300, 1)), "one_of_k", balanced=False)
    assert not found.weight.any()
