"""What a final run says of all texts, put together from its decisions and people's calibration codings."""

from __future__ import annotations

from intercoder.core.protocols import Run
from intercoder.evals.final_estimates import FinalEstimates, final_estimates
from intercoder.stores.classifiers.learnt import unlearnt
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.codebooks.verdicts import latest_verdicts
from intercoder.stores.corpus.named_samples import find_sample
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import human_values, read_sample
from intercoder.stores.runs.deductions import final_segments, final_values, read_rounds
from intercoder.stores.runs.runs import SqlStudyStore
from intercoder.stores.study_folder import StudyFolder


def estimates_of(folder: StudyFolder, run: Run) -> FinalEstimates:
    """Counts, shares with intervals, shares corrected by what people said, and codes together.

    The run is read as a stream: of a million segments only those are held in memory that people coded.
    People's codings are those of the sample on which the codes were calibrated last, without segments that a
    classifier or an adapter learnt from.

    Args:
        folder: The study.
        run: A final run.
    """
    engine, study = folder.engine, folder.study.id
    with reading(engine) as connection:
        codes = read_rounds(connection, study, run.id)[-1].codes
        book = read_version(connection, study, run.codebook_version)
        sample = find_sample(connection, study, run.sample)
    assert sample is not None
    population = sample.population or None
    verdicts = latest_verdicts(engine, study, "final")
    calibrated = [verdicts[code].run for code in codes if code in verdicts]
    if not calibrated:
        with reading(engine) as connection:
            return final_estimates(final_segments(connection, study, run), codes, population=population)
    calibration = SqlStudyStore(engine, study).run(max(calibrated, key=lambda name: int(name.rsplit("-", 1)[1])))
    people = human_values(engine, study, calibration.sample, under=book)
    known = unlearnt(folder, people, [run, calibration]).people
    model = final_values(engine, study, calibration)
    weights = read_sample(engine, study, calibration.sample).weights
    with reading(engine) as connection:
        final = final_segments(connection, study, run)
        return final_estimates(final, codes, population=population, people=known, model=model, weights=weights)
