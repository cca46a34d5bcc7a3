"""The graphs against `vllm serve` on loopback."""

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed here; `make test-vllm` runs these tests")

from intercoder.graphs import code_deductively, code_inductively
from tests.vllm.conftest import CODEBOOK, CONTEXT, NAME, TEXTS, study_with
from tests.vllm.relay import FatalRelay
from tests.vllm.serving import Server

pytestmark = pytest.mark.vllm


@pytest.fixture(scope="module")
def reference(servers: list[Server]) -> str:
    return f"openai:{NAME}@{servers[0].url}"


def test_the_inductive_graph_runs_against_it(reference: str) -> None:
    result = code_inductively(TEXTS, question="", study=study_with(reference))
    coded = {(one.segment_id, one.coder) for one in result.decisions if one.role == "coder"}
    assert not result.failures
    assert len(coded) == 3 * len(TEXTS)
    assert result.codebook.codes


def test_the_deductive_graph_runs_against_it(reference: str) -> None:
    study = study_with(reference)
    result = code_deductively(TEXTS, CODEBOOK, model=reference, coders=study.deductive.coders, study=study)
    assert not result.failures
    final = result.final
    assert all(segment.id in final.of(code.id) for code in result.codebook.codes for segment in result.segments)


def test_a_text_beyond_the_servers_context_is_a_listed_failure(reference: str) -> None:
    texts = [TEXTS[0], "Again and again it broke. " * CONTEXT, TEXTS[1]]
    result = code_inductively(texts, question="", study=study_with(reference))
    assert {failure.kind for failure in result.failures} == {"too_long"}
    assert len(result.failures) == 3, "one a coder, and none of the others' texts"
    assert len({one.segment_id for one in result.decisions}) == 2


def test_a_server_that_is_killed_in_the_middle_costs_no_answer(servers: list[Server]) -> None:
    kept, killed = servers
    texts = [f"{text} That was in {1990 + year}." for year in range(4) for text in TEXTS]
    with FatalRelay(killed, answers=3) as relay:
        result = code_inductively(texts, question="", study=study_with(f"openai:{NAME}@{kept.url}|{relay.url}"))
    assert relay.lost, "it was killed in the middle of at least one answer"
    coded = {(one.segment_id, one.coder) for one in result.decisions if one.role == "coder"}
    assert not result.failures
    assert len(coded) == 3 * len(texts)
    assert len({one.segment_id for one in result.decisions if one.role == "moderator"}) == len(texts)
