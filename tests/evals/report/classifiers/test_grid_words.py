"""What a grid says in sentences."""

import re
from collections.abc import Callable

import pytest

from intercoder.core.classifier_results import Bounded, CellSettings, GridCell
from intercoder.evals.report.classifiers.grid_words import filter_words, grid_words, seed_words, share_words
from tests.evals.report.distilled_studies import grid


@pytest.fixture(scope="module")
def cells() -> tuple[GridCell, ...]:
    return grid("shares", "thrift").cells


def with_values(cells: tuple[GridCell, ...], value: Callable[[CellSettings], float]) -> tuple[GridCell, ...]:
    """The cells with other figures of the classifier."""

    def changed(cell: GridCell) -> GridCell:
        figures = cell.systems[0].model_copy(update={"macro_f1": Bounded(value=value(cell.settings))})
        return cell.model_copy(update={"systems": (figures,)})

    return tuple(map(changed, cells))


def with_filter(cells: tuple[GridCell, ...]) -> tuple[GridCell, ...]:
    """The cells that have a temperature, once more with a filter."""
    filtered = [
        cell.model_copy(update={"settings": cell.settings.model_copy(update={"filter": 3})})
        for cell in cells
        if cell.settings.share
    ]
    return (*cells, *filtered)


def test_the_seeds_question_is_answered_with_numbers(cells: tuple[GridCell, ...]) -> None:
    told = share_words(cells, 400)
    assert re.search(r"less that at 80% written, in pairs alike in all else, over seeds: 0% -0\.\d+ \(", told)
    without = [cell for cell in cells if cell.settings.share != 0.8]
    assert "is not in this grid" in share_words(without, 400)


def test_a_share_that_is_better_is_named(cells: tuple[GridCell, ...]) -> None:
    raised = with_values(cells, lambda one: {0.5: 0.9, 0.8: 0.6}.get(one.share, 0.2) + one.seed / 100)
    assert share_words(raised, 400).endswith("Better than 80%: 50%.")
    pair = [cell for cell in raised if cell.settings.share in (0.5, 0.8)]
    assert share_words(pair, 400).endswith("Better than 80%: 50%.")


@pytest.mark.parametrize(("gain", "ending"), [(0.1, "The filter helps."), (-0.1, "The filter does harm.")])
def test_what_the_filter_does_is_told(cells: tuple[GridCell, ...], gain: float, ending: str) -> None:
    found = with_values(with_filter(cells), lambda one: 0.5 + bool(one.filter) * (gain + one.seed / 100))
    (words,) = filter_words(found, 400)
    assert "coded as it was meant 3 times, less that without this filter" in words
    assert words.endswith(ending)


def test_a_filter_that_does_nothing_shows_nothing(cells: tuple[GridCell, ...]) -> None:
    (words,) = filter_words(with_values(with_filter(cells), lambda _: 0.5), 400)
    assert words.endswith("over seeds: 0.00 (0.00 to 0.00). Neither gain nor harm is shown.")
    assert list(filter_words(cells, 400)) == []


@pytest.mark.parametrize(("seeds", "told"), [(1, "Cells with one seed"), (2, "Over two seeds"), (3, "")])
def test_few_seeds_are_warned_of(cells: tuple[GridCell, ...], seeds: int, told: str) -> None:
    found = list(seed_words([cell for cell in cells if cell.settings.seed < seeds]))
    assert [words.startswith(told) for words in found] == ([True] if told else [])


def test_one_cell_with_too_few_seeds_is_enough(cells: tuple[GridCell, ...]) -> None:
    (words,) = seed_words([cell for cell in cells if cell.settings.share != 0.8 or not cell.settings.seed])
    assert words.startswith("Cells with one seed")


def test_sizes_are_named_where_there_are_several(cells: tuple[GridCell, ...]) -> None:
    larger = [
        cell.model_copy(update={"settings": cell.settings.model_copy(update={"total": 800})}) for cell in cells
    ]
    assert not next(grid_words(cells)).startswith("400")
    told = list(grid_words([*cells, *larger]))
    assert [words.split(":")[0] for words in told[:2]] == ["400 segments in all", "800 segments in all"]
    assert sum("spread of" in words for words in told) == 2


def test_all_comparisons_of_a_grid_are_counted(cells: tuple[GridCell, ...]) -> None:
    larger = [
        cell.model_copy(update={"settings": cell.settings.model_copy(update={"total": 800})}) for cell in cells
    ]
    assert any("These are 4 comparisons" in words for words in grid_words(cells)), "four other shares"
    assert any("These are 8 comparisons" in words for words in grid_words([*cells, *larger]))
    two = [cell for cell in cells if cell.settings.share in (0.5, 0.8)]
    assert not any("comparisons" in words for words in grid_words(two))
