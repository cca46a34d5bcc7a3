"""The candidates that are wanted: models and adapters, in all ways of asking them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from intercoder.core.agent_settings import Ending
from intercoder.core.study import Study
from intercoder.llms.references import ModelReference, parse_reference
from intercoder.prompts.templates import names
from intercoder.training.candidates import Candidate, candidates, read_shots, ways
from intercoder.training.selection_source import Source
from intercoder.training.tried_adapters import tried_adapter


class Asked(NamedTuple):
    """Which coders are tried."""

    candidates: list[Candidate]
    spared: frozenset[str]
    """Ids of documents that an adapter was trained on; nobody is tried on them."""
    notes: tuple[str, ...]


def find_candidates(
    source: Source,
    *,
    models: Sequence[str] = (),
    adapters: Sequence[Path] = (),
    prompts: str = "",
    shots: str = "0-5",
    endings: Sequence[Ending] = ("full_stop",),
) -> Asked:
    """Models and adapters in all ways of asking that are wanted.

    An adapter whose card tells how it was trained to be asked is asked so, and in no other way.

    Args:
        source: The study or file.
        models: References; by default those of the coders, with and without their adapters.
        adapters: Folders of adapters.
        prompts: Prompt variants, `a,b` or `all`; by default those of the coders.
        shots: Numbers of worked examples, see `read_shots`.
        endings: How the instructions end.

    Raises:
        InputError: The numbers of worked examples cannot be read.
        ModelError: An adapter cannot be used.
    """
    study = source.study
    if not models and not adapters:
        adapters = [Path(one.adapter) for one in _references(study) if one.adapter]
    tried_models = list(dict.fromkeys(models or (str(_bare(one)) for one in _references(study))))
    asked = ways(_prompts(source, prompts), read_shots(shots), endings)
    found = [tried_adapter(path, tried_models, study.privacy) for path in dict.fromkeys(adapters)]
    listed = candidates(
        [
            *((model, asked) for model in tried_models),
            *((one.reference, [one.way] if one.way else asked) for one in found),
        ],
        study.coders[0].sampling,
        taken=[moderator.name for moderator in study.moderators],
    )
    here = source.pairs.documents
    # Ids of another study or file say nothing of the texts here.
    untold = [one.reference.partition("#")[2] for one in found if one.seen is None or one.seen.isdisjoint(here)]
    return Asked(listed, frozenset().union(*(one.seen or () for one in found)), _notes(untold))


def _prompts(source: Source, wanted: str) -> list[str]:
    if wanted == "all":
        return names("coder", source.prompts)
    given = [name.strip() for name in wanted.split(",") if name.strip()]
    return list(dict.fromkeys(given or (coder.prompt for coder in source.study.coders)))


def _references(study: Study) -> list[ModelReference]:
    return [parse_reference(coder.model) for coder in study.coders]


def _bare(reference: ModelReference) -> ModelReference:
    return reference.model_copy(update={"adapter": ""})


def _notes(untold: Sequence[str]) -> tuple[str, ...]:
    if not untold:
        return ()
    return (
        f"Whether these adapters were trained on the items they are tried on cannot be told: {', '.join(untold)}. "
        "If they were, they come out too well.",
    )
