"""Named samples: found, or drawn now."""

from __future__ import annotations

from intercoder.core.errors import InputError
from intercoder.stores.corpus.enrichment import draw_enriched
from intercoder.stores.corpus.named_samples import NamedSample, find_sample, keep_sample
from intercoder.stores.corpus.samples import Scope, draw_scope
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder


def find_or_draw(folder: StudyFolder, name: str, scope: Scope, *, enriched: bool) -> tuple[NamedSample, bool]:
    """The sample of that name, drawn now if there is none yet; and whether it was.

    Raises:
        InputError: It has to be drawn and the size is missing, or it cannot be drawn as asked.
    """
    engine, study_id = folder.engine, folder.study.id
    with reading(engine) as connection:
        kept = find_sample(connection, study_id, name)
    if kept is not None:
        return kept, False
    if scope.sample is None:
        raise InputError(f"there is no sample {name!r} yet.", where="-n", remedy="Say how many to draw: -n 100.")
    if enriched and scope.stratify:
        raise InputError(
            "a sample is drawn by an attribute or by the model's answers, not by both.",
            where="--stratify",
            remedy="Leave --stratify or --enriched out.",
        )
    if enriched:
        drawn, scope = draw_enriched(engine, study_id, scope)
    else:
        drawn = draw_scope(engine, study_id, scope)
    return keep_sample(engine, study_id, name, scope, drawn), True
