"""What the report tells of classifiers and grids."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from intercoder.core.classifier_results import Bounded, CascadeCurve, Evaluation
from intercoder.core.decisions import Value
from intercoder.evals.report.classifiers.cascade_figure import cascade_figure, chosen_told
from intercoder.evals.report.classifiers.classifier_figures import reliability_figure, systems_figure
from intercoder.evals.report.classifiers.classifier_methods import classifier_methods
from intercoder.evals.report.classifiers.classifier_page import classifiers_html
from intercoder.evals.report.classifiers.classifier_section import classifier_section
from intercoder.evals.report.classifiers.grid_figures import share_figures
from intercoder.evals.report.classifiers.spread_figure import spread_figure
from intercoder.stores.classifiers.classifier_folders import WorkedGrid
from intercoder.stores.runs.runs import set_status
from tests.cli.conftest import call
from tests.evals.report.conftest import visible
from tests.evals.report.deductive.test_deductive_report import CODES, HALF, TEXTS
from tests.evals.report.deductive_studies import begin, code, make_study, write_book
from tests.evals.report.distilled_studies import PARTS, evaluation, grid

MARKUP = "<b>bold</b> & `code`"


@pytest.fixture(scope="module")
def one() -> Evaluation:
    return evaluation("thrift", "thrift")


@pytest.fixture(scope="module")
def worked() -> WorkedGrid:
    return grid("shares", "thrift")


def test_each_system_is_a_line_in_its_own_colour(one: Evaluation) -> None:
    figure = systems_figure(one, 0)
    assert [row[0] for row in figure.rows] == [system.name for system in one.systems]
    for trace, measure in zip(figure.data, ("macro_f1", "kappa", "ac1"), strict=True):
        assert trace["x"] == [round(getattr(system, measure).value, 4) for system in one.systems]
    colours = figure.data[0]["marker"]["color"]
    assert len(set(colours)) == len({system.system for system in one.systems})


def test_an_undefined_statistic_has_no_dot(one: Evaluation) -> None:
    without = one.systems[0].model_copy(update={"kappa": Bounded()})
    figure = systems_figure(one.model_copy(update={"systems": (without, *one.systems[1:])}), 0)
    assert [len(trace["x"]) for trace in figure.data] == [5, 4, 5]
    assert figure.rows[0][2] == "undefined"
    assert figure.note.startswith("Kappa is undefined")
    assert systems_figure(one, 0).note == (
        "Systems are held against each person's own codes, as people are against one another; reliability and "
        "cascade below, against what most people said."
    )


def test_decisions_that_a_system_left_out_are_told(one: Evaluation) -> None:
    partly = one.systems[3].model_copy(update={"decisions": 150})
    figure = systems_figure(one.model_copy(update={"systems": (partly,)}), 0)
    assert "150 of 160" in figure.rows[0]


def test_reliability_is_shown_before_and_after_scaling(one: Evaluation) -> None:
    figure = reliability_figure(one, 3)
    assert figure.id == "classifier-3-reliability"
    assert len(figure.rows) == len(one.reliability.bins) + len(one.unscaled.bins)
    assert "temperature 1.42" in figure.note
    only = reliability_figure(one.model_copy(update={"unscaled": None}), 3)
    assert not only.layout["showlegend"]


def test_the_cascade_marks_the_chosen_bound_and_the_target(one: Evaluation) -> None:
    figure = cascade_figure(one, 0)
    point = next(point for point in one.curve.points if point.confidence == one.curve.chosen)
    across, up = figure.layout["shapes"]
    assert (across["y0"], up["x0"]) == (0.9, round(point.sent, 4))
    assert f"sends {point.sent:.0%} of the questions" in figure.note
    assert "cost of 1,000" in figure.columns
    assert [row[0] for row in figure.rows] == [f"{one.sent:.0%}" for one in one.curve.points]


def test_without_prices_there_is_no_cost(one: Evaluation) -> None:
    points = tuple(point.model_copy(update={"cost": float("nan")}) for point in one.curve.points)
    figure = cascade_figure(one.model_copy(update={"curve": one.curve.model_copy(update={"points": points})}), 0)
    assert "cost of 1,000" not in figure.columns
    assert "seconds for 1,000" in figure.columns


def test_a_target_that_is_not_reached_is_told(one: Evaluation) -> None:
    missed = one.curve.model_copy(update={"reached": False})
    assert "which the development part does not reach" in chosen_told(missed)
    none = CascadeCurve(model="m", part="held_out", points=one.curve.points)
    assert chosen_told(none) == "No bound was chosen."


def test_decisions_that_the_cascade_leaves_open_are_told(one: Evaluation) -> None:
    points = tuple(point.model_copy(update={"decided": 0.75}) for point in one.curve.points)
    assert "on the 75% that are decided" in chosen_told(one.curve.model_copy(update={"points": points}))
    assert "that are decided" not in chosen_told(one.curve)
    figure = cascade_figure(one, 0)
    assert {row[figure.columns.index("decided")] for row in figure.rows} == {"100%"}


def test_the_development_line_shows_what_the_bound_was_chosen_by(one: Evaluation) -> None:
    """Agreement over all decisions: what the model leaves open is no agreement."""
    open_ones = tuple(
        point.model_copy(update={"decided": 1 - point.sent}) for point in one.development_curve.points
    )
    chosen_on = one.development_curve.model_copy(update={"points": open_ones})
    figure = cascade_figure(one.model_copy(update={"development_curve": chosen_on}), 0)
    line = figure.data[-1]
    assert line["y"] == [round(point.agreed, 4) for point in open_ones]
    assert line["y"][-1] == 0
    assert line["text"][-1].startswith("agreement on the development part: 0.00<br>100% sent")
    assert figure.layout["yaxis"]["range"][0] < 0, "the line is seen to its end"
    assert "The dotted line and the target are of all decisions" in figure.note
    whole = cascade_figure(one, 0)
    assert whole.data[-1]["y"] == [round(point.agreement.value, 4) for point in one.development_curve.points]
    assert "dotted" not in whole.note


def test_what_was_not_measured_says_why(one: Evaluation) -> None:
    bare = one.model_copy(update={"systems": (), "reliability": None, "curve": None})
    figures = (systems_figure(bare, 0), reliability_figure(bare, 0), cascade_figure(bare, 0))
    assert all(figure.undefined and not figure.data for figure in figures)


def test_what_becomes_of_longer_segments_is_told(one: Evaluation) -> None:
    windowed = one.model_copy(update={"overlap": 32})
    cut, read = (classifier_section([found], []).classifiers[0].paragraphs[1] for found in (one, windowed))
    assert cut == "3.1% of the coded segments are longer than it reads at once; their ends were cut off."
    assert read == "3.1% of the coded segments are longer than it reads at once; it read them in windows."


def test_codes_are_listed_where_there_are_several(one: Evaluation) -> None:
    several = evaluation("all", "thrift", "pride", head="multi_label", segments=60)
    section = classifier_section([one, several], [])
    assert section.classifiers[0].code_rows == ()
    rows = section.classifiers[1].code_rows
    assert [row[:2] for row in rows[:2]] == [("thrift", system.name) for system in several.systems[:2]]
    assert len(rows) == 2 * len(several.systems)


def test_a_grid_has_a_figure_for_each_size_with_a_line_for_each_temperature(worked: WorkedGrid) -> None:
    (figure,) = share_figures(worked, 0)
    names = [trace["name"] for trace in figure.data if trace["showlegend"]]
    assert names[:3] == [f"classifier, temperature {one}" for one in ("0.3", "0.7", "1")]
    assert names[-1] == "people, pair by pair"
    first = figure.data[0]
    assert len(first["x"]) == 5, "the cells without written segments begin each line"
    assert figure.layout["xaxis"]["ticktext"] == ["0%", "20%", "50%", "80%", "95%"]
    seeds = {row[-3] for row in figure.rows}
    assert seeds == {3}


def test_the_spread_is_by_temperature(worked: WorkedGrid) -> None:
    figure = spread_figure(worked, 0)
    assert [row[:2] for row in figure.rows[:3]] == [(one, "macro-F1") for one in ("0.3", "0.7", "1")]
    assert "Brown-Forsythe p = " in figure.note
    single = spread_figure(grid("one seed", "thrift", seeds=1), 0)
    assert single.undefined


def test_cells_that_failed_or_wait_are_told() -> None:
    (part,) = classifier_section([], [grid("shares", "thrift", left=4, failed=1)]).grids
    assert any("35 of 39 cells are worked" in paragraph for paragraph in part.paragraphs)
    assert part.problems[0][-1] == "ModelError: memory <b>ran</b> out."


def test_a_grid_says_that_its_best_cell_looks_better_than_it_is(worked: WorkedGrid) -> None:
    (part,) = classifier_section([], [worked]).grids
    assert "the best of many looks better than it is" in " ".join(part.paragraphs)
    assert "only these figures have seen" not in " ".join(part.paragraphs)


def test_a_grid_says_on_how_much_people_are_held_against_one_another(worked: WorkedGrid) -> None:
    (part,) = classifier_section([], [worked]).grids
    assert "People are held" not in " ".join(part.paragraphs)
    fewer = [one.model_copy(update={"decisions": 40}) for one in worked.grid.systems]
    grid_of_fewer = worked.grid.model_copy(update={"systems": tuple(fewer)})
    (part,) = classifier_section([], [worked._replace(grid=grid_of_fewer)]).grids
    assert "on 40 of the 160 decisions" in " ".join(part.paragraphs)


def test_figures_that_are_weighted_back_say_so(one: Evaluation, worked: WorkedGrid) -> None:
    weighted = PARTS.model_copy(update={"weighted_by": "rare", "worth": 61.3})
    in_grid = worked._replace(grid=worked.grid.model_copy(update={"parts": weighted}))
    (part,) = classifier_section([], [in_grid]).grids
    told = "figures are weighted back to the corpus, and the 160 held-out segments weigh like 61 drawn evenly"
    assert told in " ".join(part.paragraphs)
    assert "weighted" not in classifier_methods([one], [worked])[0]
    text, _ = classifier_methods([one.model_copy(update={"parts": weighted})], [in_grid])
    assert "Segments of sample rare were drawn unevenly" in text


def test_a_grid_of_which_nothing_is_worked_is_told() -> None:
    (part,) = classifier_section([], [grid("shares", "thrift", left=39)]).grids
    assert [figure.undefined for figure in part.figures] == ["No temperature has two seeds of one cell."]


def test_methods_tell_what_was_made(one: Evaluation, worked: WorkedGrid) -> None:
    assert classifier_methods([], []) == ("", ())
    text, cited = classifier_methods([one], [worked])
    assert "thrift (80 coded and 320 synthetic segments, 160 held out)" in text
    assert "1 grid of 39 cells" in text
    assert "percentile intervals over resampled documents, each with all its segments" in text
    by_town = one.model_copy(update={"parts": one.parts.model_copy(update={"by": "town"})})
    text, _ = classifier_methods([one, by_town, by_town], [])
    assert "over resampled documents or values of town, each with all its segments" in text
    assert "over resampled values of town" in systems_figure(by_town, 0).reading
    assert "over resampled documents" in systems_figure(one, 0).reading
    assert "decisions taken for independent" in reliability_figure(one, 0).reading
    assert "distillation" in cited
    assert "fine-tuning gained nothing" not in text


def test_methods_tell_nothing_that_was_not_done(one: Evaluation) -> None:
    text, cited = classifier_methods([one], [])
    assert all(words in text for words in ("synthetic segments", "by a temperature", "a language model decides"))
    unscaled = one.reliability.model_copy(update={"temperature": 1.0}) if one.reliability else None
    bare = {"synthetic": 0, "reliability": unscaled, "curve": None, "fine_tuned": False}
    text, cited = classifier_methods([one.model_copy(update=bare)], [])
    assert not any(words in text for words in ("language model wrote", "temperature", "language model decides"))
    assert "a part for early stopping, and a held-out part" in text
    assert "Of thrift fine-tuning gained nothing" in text
    assert not {"distillation", "scaling"} & set(cited)


class Ids(HTMLParser):
    """All ids of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name == "id"]


def test_the_page_draws_in_a_browser_and_trusts_no_label(opened: Callable[..., str]) -> None:
    several = evaluation(MARKUP, MARKUP, "pride", head="multi_label", segments=40)
    page = classifiers_html(MARKUP, [several, evaluation("thrift", "thrift", segments=40)], [grid(MARKUP, MARKUP)])
    assert page == classifiers_html(
        MARKUP, [several, evaluation("thrift", "thrift", segments=40)], [grid(MARKUP, MARKUP)]
    )
    ids = Ids(page).found
    assert len(ids) == len(set(ids))
    dom = opened(page)
    assert 'data-ready="true"' in dom
    assert "<b>bold</b>" not in dom
    assert f"classifier:{MARKUP}" in visible(dom)
    drawn = re.findall(r'id="plot-([^"]+)"[^>]*class="plot js-plotly-plot"|class="plot js-plotly-plot"', dom)
    assert len(drawn) == len(json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])["figures"])


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study with a run that waits, a classifier and a grid."""
    folder = make_study(tmp_path / "study", TEXTS, "reader")
    run = begin(folder, "codevelop", write_book(folder, CODES))
    values: list[Value] = HALF
    code(folder, run.id, {("coder", "reader"): {one.id: values for one in CODES}})
    set_status(folder.engine, folder.study.id, run.id, "waiting")
    folder.close()
    return tmp_path / "study"


def distilled(study: Path, one: Evaluation, worked: WorkedGrid) -> None:
    place = study / "classifiers" / one.classifier
    place.mkdir(parents=True)
    (place / "evaluation.json").write_text(one.model_dump_json(), encoding="utf-8")
    place = study / "grids" / worked.grid.name
    place.mkdir(parents=True)
    (place / "grid.json").write_text(worked.grid.model_dump_json(), encoding="utf-8")
    lines = "".join(f"{cell.model_dump_json()}\n" for cell in worked.cells)
    (place / "grid.jsonl").write_text(lines, encoding="utf-8")


def test_the_report_of_a_run_has_the_studys_classifiers(study: Path, one: Evaluation, worked: WorkedGrid) -> None:
    assert call("report", study).code == 0
    page = (study / "reports" / "codevelop-1.html").read_text(encoding="utf-8")
    assert 'id="classifiers"' not in page
    distilled(study, one, worked)
    assert call("report", study).code == 0
    page = (study / "reports" / "codevelop-1.html").read_text(encoding="utf-8")
    assert '<a href="#classifiers">Classifiers</a>' in page
    assert "classifier:thrift" in page
    assert "Grid shares" in page
    assert "arXiv:2501.09126" in page


def test_classifiers_have_a_report_of_their_own(study: Path, one: Evaluation, worked: WorkedGrid) -> None:
    refused = call("report", study, "--classifiers")
    assert refused.code == 2
    assert "the study has no classifier and no grid" in refused.err
    distilled(study, one, worked)
    done = call("report", study, "--classifiers")
    assert done.code == 0, done.err
    assert "classifiers.html: report on classifiers" in done.out
    assert "classifier:thrift" in (study / "reports" / "classifiers.html").read_text(encoding="utf-8")


def test_what_is_about_a_run_is_refused_beside_it(study: Path) -> None:
    refused = call("report", study, "--classifiers", "--run", "codevelop-1")
    assert refused.code == 2
    assert "--run: a report on classifiers is not about a run" in refused.err


def test_a_spoiled_evaluation_is_named(study: Path) -> None:
    place = study / "classifiers" / "thrift"
    place.mkdir(parents=True)
    (place / "evaluation.json").write_text("{", encoding="utf-8")
    refused = call("report", study)
    assert refused.code == 2
    assert "evaluation.json" in refused.err
