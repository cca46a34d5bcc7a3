"""The options of each graph as people fill them in, what they come to, and the command for them."""

import pytest

from intercoder.core.codebook import Code
from intercoder.core.errors import InputError, StudyError
from intercoder.graphs.new_run_plans import gives_up, goes_on_with, plan_run
from intercoder.graphs.new_runs import GRAPHS, Graph, command, fields, told_in_form, wanted
from intercoder.graphs.planning import Plan
from intercoder.stores.corpus.named_samples import keep_sample
from intercoder.stores.corpus.samples import Scope, draw_scope
from intercoder.stores.study_folder import StudyFolder
from tests.stores.codebooks.proposals import REDEFINE, RENAME, begin, draft, propose


def test_every_option_is_a_field_and_every_field_may_be_blank(study: StudyFolder) -> None:
    for graph in GRAPHS:
        blank = {field.name: field.value for field in fields(study, graph)}
        assert wanted(study, graph, blank, "ana").graph == graph
        assert all(field.hint and field.label for field in fields(study, graph))


@pytest.mark.parametrize(
    ("graph", "said", "arguments", "options"),
    [
        ("inductive", {}, "run inductive", []),
        (
            "inductive",
            {"sample": "10", "seed": "3", "stratify": "speaker", "skip_speaker": "Eva; Dr. Who"},
            "run inductive",
            [
                "--sample=10",
                "--seed=3",
                "--stratify=speaker",
                "--skip-speaker=Eva",
                "--skip-speaker=Dr. Who",
            ],
        ),
        ("codevelop", {"new": "yes", "unit": "turn"}, "run codevelop", ["--unit=turn", "--new"]),
        ("calibrate", {"named_sample": "second"}, "calibrate", ["--sample=second"]),
        ("final", {}, "run final", ["--all"]),
        (
            "final",
            {"sample": "5", "override": "-strange, label", "note": "rare"},
            "run final",
            ["--sample=5", "--override=-strange, label", "--note=rare", "--by=ana"],
        ),
        ("merge", {"lower": "0.2", "stage": "2"}, "merge", ["--stage=2", "--lower=0.2"]),
        ("themes", {"model": "scripted:words"}, "themes", ["--model=scripted:words"]),
    ],
)
def test_what_is_said_becomes_a_command(
    study: StudyFolder, graph: Graph, said: dict[str, str], arguments: str, options: list[str]
) -> None:
    made = command(wanted(study, graph, said, "ana"))
    assert (" ".join(made.arguments), list(made.options)) == (arguments, options)


@pytest.mark.parametrize(
    ("graph", "said", "where"),
    [
        ("inductive", {"sample": "many"}, "sample"),
        ("inductive", {"sample": "0"}, "sample"),
        ("inductive", {"seed": "1"}, "sample"),
        ("inductive", {"unit": "page"}, "unit"),
        ("codevelop", {"new": "perhaps"}, "begin anew"),
        ("final", {"override": "a code"}, "note"),
    ],
)
def test_what_cannot_be_taken_is_told_at_its_place(
    study: StudyFolder, graph: Graph, said: dict[str, str], where: str
) -> None:
    with pytest.raises(InputError) as refused:
        wanted(study, graph, said, "ana")
    assert refused.value.where == where
    assert refused.value.remedy


def test_a_plan_is_that_of_the_dry_run(study: StudyFolder) -> None:
    plan = plan_run(study, wanted(study, "inductive", {"sample": "10"}, "ana"))
    assert isinstance(plan, Plan)
    assert (plan.segments, plan.calls, plan.obstacles) == (10, 40, ())
    for graph in ("codevelop", "calibrate", "final", "merge", "themes"):
        with pytest.raises(StudyError):
            plan_run(study, wanted(study, graph, {}, "ana"))


def test_themes_are_planned_too(study: StudyFolder) -> None:
    codes = tuple(Code(id=f"c_{place}", label=f"code {place}", definition="Said.") for place in range(9))
    draft(study, codes[:3])
    few = plan_run(study, wanted(study, "themes", {}, "ana"))
    assert isinstance(few, Plan)
    assert few.obstacles == ("There are 3 codes; themes need 4 or more.",)
    draft(study, codes[3:])
    enough = plan_run(study, wanted(study, "themes", {}, "ana"))
    assert isinstance(enough, Plan)
    assert (enough.codes, enough.calls, enough.actors[0].at_most, enough.obstacles) == (9, 6, True, ())


def test_a_development_that_is_not_over_is_gone_on_with(study: StudyFolder) -> None:
    asked = wanted(study, "codevelop", {}, "ana")
    book = draft(study)
    assert goes_on_with(study, asked) == ""
    begin(study, book)
    assert goes_on_with(study, asked) == "codevelop-1"
    assert goes_on_with(study, wanted(study, "codevelop", {"new": "yes"}, "ana")) == ""


def keep(study: StudyFolder, name: str) -> None:
    scope = Scope(sample=3)
    keep_sample(study.engine, study.study.id, name, scope, draw_scope(study.engine, study.study.id, scope))


def test_it_is_known_how_many_revisions_a_new_development_gives_up(study: StudyFolder) -> None:
    run = begin(study, draft(study))
    propose(study, run, [REDEFINE, RENAME])
    assert gives_up(study, wanted(study, "codevelop", {}, "ana")) == 0
    assert gives_up(study, wanted(study, "codevelop", {"new": "yes"}, "ana")) == 2
    assert gives_up(study, wanted(study, "inductive", {}, "ana")) == 0


def test_a_calibration_offers_the_samples_that_there_are(study: StudyFolder) -> None:
    assert fields(study, "calibrate")[0].choices == ()
    for name in ("first", "second"):
        keep(study, name)
    (field,) = fields(study, "calibrate")
    assert (field.value, field.choices) == ("first", ("first", "second"))
    keep(study, "calibration")
    assert fields(study, "calibrate")[0].value == ""


def test_what_is_refused_is_told_in_words_of_the_form(study: StudyFolder) -> None:
    draft(study)
    keep(study, "first")
    with pytest.raises(StudyError) as not_ready:
        plan_run(study, wanted(study, "final", {}, "ana"))
    name, text = told_in_form(study, "final", not_ready.value)
    assert name == "override" and "no code is ready" in text
    assert "say why in “note”" in text and "--" not in text
    with pytest.raises(InputError) as unknown:
        plan_run(study, wanted(study, "calibrate", {"named_sample": "frist"}, "ana"))
    assert told_in_form(study, "calibrate", unknown.value)[0] == "named_sample"
