"""The whole page: it opens without errors and without a network, and never runs what was said in a study."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from intercoder.evals.report.inductive.comparison import Embed
from intercoder.evals.report.inductive.contents import gather
from intercoder.evals.report.inductive.page import report_html
from intercoder.evals.report.rendering import embedded_json
from tests.evals.report.conftest import Coded, person, visible

ONE = [["mending"], ["thrift"], ["mending"], []] * 3
TWO = [["mending"], ["saving money"], ["pride"], []] * 3
NASTY = (
    "</script><script>alert(1)</script>",
    "<b>bold</b> <a href='https://example.org'>link</a>",
    "<img src=x onerror=alert(1)> <!-- \u2028 %{x} &lt;i&gt; {{ 7 * 7 }}",
)


def page_of(coded: Coded, embed: Embed, **said: object) -> str:
    folder, run = coded(said or {"one": ONE, "two": TWO})
    people = [*person("anna", ["mending", "thrift", "pride"] * 4), *person("ben", ["mending", "money", ""] * 4)]
    return report_html(gather(folder, run, embed, people), embed)


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def test_the_page_draws_every_figure_and_fills_its_tables(
    coded: Coded, embed: Embed, opened: Callable[..., str]
) -> None:
    page = page_of(coded, embed)
    dom = opened(page)
    assert 'data-ready="true"' in dom
    assert "data-errors" not in dom
    drawn = re.findall(
        r'id="plot-(\w+)"[^>]*class="[^"]*js-plotly-plot|class="plot js-plotly-plot" id="plot-(\w+)"', dom
    )
    assert len(drawn) == len(data_of(page)["figures"])
    shown = visible(dom)
    assert "because saving money" in shown
    assert f"1 to 50 of {len(data_of(page)['decisions']['rows'])}" in " ".join(shown.split())


def test_an_anchor_shows_the_decisions_behind_a_number(
    coded: Coded, embed: Embed, opened: Callable[..., str]
) -> None:
    page = page_of(coded, embed)
    codes = [code[0] for code in data_of(page)["codes"]]
    shown = visible(opened(page, f"#code-{codes.index('thrift')}"))
    decisions = shown[shown.index("Decisions on the code") :]
    assert "because thrift" in decisions
    assert "because mending" not in decisions


def test_what_is_said_in_a_study_is_never_markup_or_script(
    coded: Coded, embed: Embed, opened: Callable[..., str]
) -> None:
    folder, run = coded(
        {"one": [[label] for label in NASTY], "two": [[label] for label in reversed(NASTY)]}, texts=NASTY
    )
    contents = gather(folder, run, embed, person(NASTY[1], NASTY))
    page = report_html(contents, embed)
    assert page.count("<script") == 4
    assert "alert(1)</script>" not in page
    dom = opened(page)
    assert "data-errors" not in dom
    assert not re.findall(r"<(?:img|b|i)[ >]", re.sub(r"<script\b.*?</script>", "", dom, flags=re.DOTALL))
    assert "example.org" not in "".join(re.findall(r'href="[^"]*"', dom))
    for label in NASTY:
        assert " ".join(label.split()) in " ".join(visible(dom).split())


def test_json_in_the_page_survives_and_cannot_end_its_script() -> None:
    value = {"text": [*NASTY, "\u2029", "é", "\\u003c"]}
    text = embedded_json(value)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == value


def test_the_same_study_gives_the_same_bytes(coded: Coded, embed: Embed) -> None:
    folder, run = coded({"one": ONE, "two": TWO})
    first, second = (report_html(gather(folder, run, embed), embed) for _ in range(2))
    assert first == second


def test_nothing_is_fetched_and_only_our_scripts_may_run(coded: Coded, embed: Embed) -> None:
    page = page_of(coded, embed)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;; script-src &#39;sha256-")
    ours = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r'(?:src|href)="(?!#)|url\(|@import', ours)


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({"one": ONE}, {"agreement", "composite", "spaces"}),
        (
            {"one": [[]], "two": [[]]},
            {"composite", "spaces", "lengths", "cosine", "jsd", "network", "cooccurrence"},
        ),
    ],
)
def test_figures_that_cannot_be_drawn_say_why(
    coded: Coded, embed: Embed, said: dict[str, list[list[str]]], missing: set[str]
) -> None:
    folder, run = coded(said)
    page = report_html(gather(folder, run, embed), embed)
    assert not missing & set(data_of(page)["figures"])
    for name in missing:
        section = page[page.index(f'id="figure-{name}"') :]
        assert re.match(r'.*?class="undefined">Not shown\. \w', section[: section.index("</section>")], re.DOTALL)


def test_a_lone_surrogate_does_not_keep_a_report_from_being_written(coded: Coded, embed: Embed) -> None:
    assert json.loads(embedded_json(["\ud800"])) == ["\ud800"]
    page_of(coded, embed).encode("utf-8")
