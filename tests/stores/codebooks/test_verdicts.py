from intercoder.core.codebook import Code
from intercoder.evals.interval import Estimate, bare
from intercoder.stores import schema
from intercoder.stores.codebooks.verdicts import latest_verdicts, read_verdicts, write_verdicts
from intercoder.stores.study_folder import StudyFolder

CODES = (Code(id="c_1", label="one", revision=3), Code(id="c_2", label="two"))


def judged(value: float, verdict: str = "ready") -> tuple[str, Estimate]:
    return verdict, bare(value, 10, "ac1")


def test_a_verdict_with_more_codings_stands_and_the_first_is_kept(folder: StudyFolder) -> None:
    engine, study = folder.engine, folder.study.id
    write_verdicts(
        engine, study, "calibrate-1", "final", CODES, {"c_1": judged(0.4, "not shown"), "c_2": judged(0.9)}
    )
    write_verdicts(engine, study, "calibrate-1", "final", CODES, {"c_1": judged(0.8), "c_2": judged(0.9)})
    standing = latest_verdicts(engine, study, "final")
    assert {id_: (one.verdict, one.number) for id_, one in standing.items()} == {
        "c_1": ("ready", 2),
        "c_2": ("ready", 1),
    }
    assert standing["c_1"].code_revision == 3
    with engine.connect() as connection:
        assert len(connection.execute(schema.verdicts.select()).all()) == 3


def test_the_same_verdict_again_changes_nothing(folder: StudyFolder) -> None:
    for _ in range(2):
        write_verdicts(folder.engine, folder.study.id, "calibrate-1", "final", CODES, {"c_1": judged(float("nan"))})
    (one,) = read_verdicts(folder.engine, folder.study.id)
    assert (one.number, one.statistics["value"]) == (1, None)
