"""Printing what merges and themes are, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from intercoder.cli.coding.results import SHOWN, print_codebook, print_codebook_file, print_failures
from intercoder.cli.output import print_json, print_table
from intercoder.core.shown import counted, one_line, shown_safely

if TYPE_CHECKING:
    from intercoder.graphs.jobs import JobResult
    from intercoder.graphs.merging.inspecting import Pair
    from intercoder.graphs.merging.merge_jobs import MergePlan
    from intercoder.stores.study_folder import StudyFolder

WORDS = 60
"""Characters of a label or definition in a table."""


def print_merged(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """The concepts of a merge, what went into what, the new codebook and how to undo it."""
    from intercoder.stores.codebooks.concepts import final_concepts, read_merges

    run, book = result.run, result.codebook
    concepts = final_concepts(folder.engine, folder.study.id, run.id)
    merges = read_merges(folder.engine, folder.study.id, run.id)
    labels = sum(len(concept.alternatives) for concept in concepts)
    if json:
        print_json(
            {
                "kind": "done",
                "run": run.id,
                "source": run.source,
                "labels": labels,
                "concepts": len(concepts),
                "merges": len(merges),
                "codes": len(book.codes),
                "codebook_version": book.version,
                "failures": run.failures,
                "codebook_file": result.codebook_file,
                "notes": list(result.notes),
            }
        )
        return
    rows = [
        (
            merge["stage"],
            f"{merge['distance']:.2f}",
            one_line(merge["absorbed"], WORDS),
            one_line(merge["kept"], WORDS),
        )
        for merge in merges
    ]
    columns = ("stage", "distance", "label", "went with")
    print_table(columns, rows[:SHOWN], title=f"Merges of {run.id}", right=columns[:2])
    if len(rows) > SHOWN:
        print(f"... and {len(rows) - SHOWN} more.")
    print_codebook(book, most=SHOWN, folder=folder)
    print(
        f"{run.id}: {counted(labels, 'label')} of {run.source} are {counted(len(concepts), 'concept')}; "
        f"{counted(len(book.codes), 'code')} (codebook version {book.version})."
    )
    print_codebook_file(result)
    if run.failures:
        _print_failures(folder, result)
        print(f"Next: intercoder merge {folder.argument} --run {run.source}")
    else:
        print(f"To undo: intercoder merge {folder.argument} --undo {run.id}")


def print_undone(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """What an undone merge leaves."""
    run, book = result.run, result.codebook
    if json:
        told = {"run": run.id, "codes": len(book.codes), "codebook_version": book.version}
        file = {"codebook_file": result.codebook_file, "notes": list(result.notes)}
        print_json({"kind": "undone", **told, **file})
        return
    codes = counted(len(book.codes), "code")
    print(f"{run.id} is undone: codebook version {book.version} has the {codes} from before.")
    print_codebook_file(result)
    print(f"Next: intercoder codebook show {folder.argument}")


def print_inspection(pairs: Sequence[Pair], threshold: float, *, json: bool) -> None:
    """The pairs of labels next to the threshold."""
    if json:
        for pair in pairs:
            print_json({"kind": "pair", "threshold": threshold, **pair.model_dump()})
        return
    for side, title in (("under", "tend to merge"), ("over", "tend to stay apart")):
        rows = [
            (f"{pair.distance:.4f}", one_line(pair.first, WORDS), one_line(pair.second, WORDS))
            for pair in pairs
            if pair.side == side
        ]
        columns = ("distance", "label", "other label")
        print_table(columns, rows, title=f"Just {side} {threshold:g}: {title}", right=columns[:1])
    print("Read the lists. If pairs that mean the same stay apart, raise --lower; if others merge, lower it.")


def print_merge_plan(plan: MergePlan, *, json: bool) -> None:
    """What a merge would do and which text would go where."""
    if json:
        print_json({"kind": "plan", **plan.model_dump(mode="json")})
        return
    print(
        f"{counted(plan.labels, 'label')} of {plan.run}, {counted(plan.concepts, 'concept')} after stage 1; "
        f"stages 1 to {plan.stage}, thresholds {plan.lower:g} and {plan.upper:g}. Nothing was called."
    )
    if plan.definitions:
        definitions, characters = counted(plan.definitions, "definition"), counted(plan.characters, "character")
        print(f"Calls: at most {definitions} from {characters} of text, and one for each merge after them.")
    places = [(plan.embeddings, "labels and definitions", plan.embeddings_go_to)]
    if plan.definer:
        places.insert(0, (plan.definer, "labels, definitions, passages", plan.definer_goes_to))
    print_table(("who", "reads", "where"), places, title="Which text goes where")
    for obstacle in plan.obstacles:
        print(f"Would not start: {shown_safely(obstacle)}")


def print_themes(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """The themes that were proposed, with their codes."""
    from intercoder.graphs.merging.merge_jobs import proposed_themes

    run, book = result.run, result.codebook
    labels = {code.id: code.label for code in book.codes}
    themes = proposed_themes(folder, run)
    if json:
        for theme in themes:
            codes = [{"id": id_, "label": labels[id_]} for id_ in theme.code_ids]
            print_json({"kind": "theme", "label": theme.label, "definition": theme.definition, "codes": codes})
        told = {"run": run.id, "themes": len(themes), "codebook_version": book.version, "failures": run.failures}
        print_json({"kind": "done", **told})
        return
    rows = [
        (
            one_line(theme.label, WORDS),
            len(theme.code_ids),
            one_line(theme.definition, WORDS),
            one_line("; ".join(labels[id_] for id_ in theme.code_ids), WORDS),
        )
        for theme in themes
    ]
    print_table(("theme", "codes", "definition", "its codes"), rows, title=f"Themes of {run.id}", right=("codes",))
    print(f"{run.id}: {counted(len(themes), 'theme')} for codebook version {book.version}, proposed.")
    if run.failures:
        _print_failures(folder, result)
        print(f"Next: intercoder themes {folder.argument}")
    else:
        print(f"To accept them: intercoder themes {folder.argument} --accept")


def print_accepted(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """The codebook with the themes as its upper level."""
    book = result.codebook
    themes = len({code.parent for code in book.codes if code.parent})
    if json:
        told = {"run": result.run.id, "themes": themes, "codes": len(book.codes) - themes}
        print_json({"kind": "accepted", **told, "codebook_version": book.version})
        return
    print(
        f"{counted(themes, 'theme')} accepted: codebook version {book.version}, "
        f"{counted(len(book.codes) - themes, 'code')} under them."
    )
    print(f"Next: intercoder codebook show {folder.argument}")


def _print_failures(folder: StudyFolder, result: JobResult) -> None:
    from intercoder.stores.overview import run_failures

    print_failures(run_failures(folder, result.run), folder.path)
