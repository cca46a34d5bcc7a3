import numpy as np
import pytest

from intercoder.core.confidence import confidences
from intercoder.llms.classifiers.class_probabilities import probabilities, scaled


def test_probabilities_of_single_codes_and_of_a_choice() -> None:
    logits = np.array([[0.0, 2.0], [-800.0, 800.0]])
    assert probabilities(logits, "multi_label") == pytest.approx(np.array([[0.5, 0.880797], [0.0, 1.0]]))
    assert probabilities(logits, "one_of_k") == pytest.approx(np.array([[0.119203, 0.880797], [0.0, 1.0]]))


def test_scaling_divides_and_shifts() -> None:
    logits = np.array([[1.0, -2.0]])
    assert scaled(logits, 2.0, (1.0, 0.0)).tolist() == [[1.5, -1.0]]
    assert scaled(logits).tolist() == [[1.0, -2.0]]


def test_confidence_is_that_of_the_answer() -> None:
    given = np.array([[0.93, 0.07], [0.5, 0.2]])
    assert confidences(given, "multi_label").tolist() == [[0.93, 0.93], [0.5, 0.8]]
    assert confidences(given, "one_of_k").tolist() == [[0.93], [0.5]]
