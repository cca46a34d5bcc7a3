"""`sample` and `import-coding`: what people code by hand, and what they coded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.studies.studies import JsonOption, StudyArgument, UnitChoice

if TYPE_CHECKING:
    from intercoder.core.codebook import Codebook
    from intercoder.core.coding.given_answers import Located
    from intercoder.formats.filled_sheets import FilledSheet
    from intercoder.stores.corpus.named_samples import NamedSample
    from intercoder.stores.corpus.samples import Scope
    from intercoder.stores.people.human_codings import Written
    from intercoder.stores.study_folder import StudyFolder


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sample")(sample)
    app.command("import-coding")(import_coding)


def sample(
    directory: StudyArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The sample's name, such as calibration.")],
    coder: Annotated[str, typer.Option("--coder", "-c", help="Who will code; each person gets a sheet.")],
    n: Annotated[int | None, typer.Option("-n", min=1, help="Segments to draw.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="The sheet, .csv or .xlsx; by default exports/NAME-CODER.csv.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", "-s", help="Seed of the sample; by default one that its name gives.")
    ] = None,
    stratify: Annotated[str, typer.Option(help="Attribute to stratify the sample by; `speaker` works.")] = "",
    enriched: Annotated[
        bool, typer.Option("--enriched", help="Draw by the model's own answers, so that rare codes occur.")
    ] = False,
    skip_speaker: Annotated[
        list[str] | None, typer.Option(help="Leave a speaker's segments out; may be repeated.")
    ] = None,
    uncoded: Annotated[
        bool,
        typer.Option("--uncoded", help="Leave out what people have coded, of which a classifier may have learnt."),
    ] = False,
    unit: Annotated[
        UnitChoice | None, typer.Option("--unit", "-u", help="Which segments, if cut in several ways.")
    ] = None,
) -> None:
    """Draw a sample once, and write a blind coding sheet of it for each person who codes.

    Example: `intercoder sample repair calibration -n 100 --coder ana --to ana.xlsx`
    """
    from intercoder.cli.studies.sampling_checks import check_same, free_sheet
    from intercoder.core.texts.sampling import seed_of
    from intercoder.stores.codebooks.counted_codebooks import latest_codebook
    from intercoder.stores.corpus.drawn_samples import find_or_draw
    from intercoder.stores.corpus.named_samples import check_name
    from intercoder.stores.corpus.samples import Scope
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    check_name(name, "sample")
    check_name(coder, "coder")
    book = latest_codebook(folder.engine, folder.study.id)
    file = free_sheet(folder, to or folder.path / "exports" / f"{name}-{coder}.csv", coder)
    scope = Scope(
        unit=unit.value if unit else None,
        sample=n,
        seed=seed_of(name) if seed is None else seed,
        stratify=stratify,
        skip_speakers=tuple(skip_speaker or ()),
        uncoded=uncoded,
    )
    kept, new = find_or_draw(folder, name, scope, enriched=enriched)
    if not new:
        check_same(folder, kept, scope, seed=seed, enriched=enriched)
    _write_sheet(folder, kept, book, coder, file)
    _tell_sample(folder, kept, book, file, scope, new=new)


def import_coding(
    directory: StudyArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A sheet or a table of codings: csv, tsv or xlsx.")],
    coder: Annotated[str, typer.Option("--coder", "-c", help="Who coded, if the file does not say.")] = "",
    sample: Annotated[str, typer.Option("--sample", help="The sample it is of, if the file does not say.")] = "",
    json: JsonOption = False,
) -> None:
    """Read back what people coded. Sheets may be partly filled in, and read again as they grow.

    Example: `intercoder import-coding repair exports/calibration-ana.csv`
    """
    from intercoder.cli.output import print_json
    from intercoder.formats.filled_sheets import read_sheet
    from intercoder.formats.sheet_checks import SheetCheck
    from intercoder.stores.corpus.named_segments import locate
    from intercoder.stores.corpus.segments import segment_texts
    from intercoder.stores.database import reading
    from intercoder.stores.people.human_codings import write_codings
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    study_id = folder.study.id
    sheet = read_sheet(file)
    name = _sample_of(folder, sheet, sample)
    with reading(folder.engine) as connection:
        located = locate(connection, study_id, (row.place for row in sheet.rows), name)
        texts = segment_texts(connection, study_id, _named(located))
    books = _books(folder)
    check = SheetCheck(books, max(books), study_id=study_id, coder=coder, sample=name, located=located, texts=texts)
    done = write_codings(folder.engine, study_id, check.check(sheet))
    for written in done:
        if json:
            print_json({**written.model_dump(), "sample": name})
        else:
            _tell_import(written)
    if not json:
        of = f" --sample {name}" if name not in ("", "calibration") else ""
        print(f"Next: intercoder calibrate {folder.argument}{of}")


def _write_sheet(folder: StudyFolder, kept: NamedSample, book: Codebook, coder: str, file: Path) -> None:
    import io

    from intercoder.formats.coding_sheets import SheetOrigin, write_csv_sheet, write_xlsx_sheet
    from intercoder.formats.whole_files import whole_bytes, whole_file
    from intercoder.stores.corpus.named_samples import sampled_texts

    segments = list(sampled_texts(folder.engine, folder.study.id, kept, folder.study.coding.context_before))
    origin = SheetOrigin(coder=coder, sample=kept.name, study_id=folder.study.id)
    if file.suffix.lower() == ".xlsx":
        packed = io.BytesIO()
        write_xlsx_sheet(book, segments, origin, packed)
        with whole_bytes(file) as out:
            out.write(packed.getvalue())
        return
    with whole_file(file) as stream:
        write_csv_sheet(book, segments, origin, stream)


def _tell_sample(
    folder: StudyFolder, kept: NamedSample, book: Codebook, file: Path, scope: Scope, *, new: bool
) -> None:
    from intercoder.cli.output import typed
    from intercoder.core.shown import counted, one_line
    from intercoder.stores.corpus.named_samples import developed_on
    from intercoder.stores.database import reading

    how = "drawn" if new else "drawn before"
    by = f", by the answers of {kept.stratify.partition(':')[2]}" if kept.stratify.startswith("model:") else ""
    print(f"{kept.name}: {counted(kept.size, 'segment')} of {kept.population:,}, {how} with seed {kept.seed}{by}.")
    with reading(folder.engine) as connection:
        seen = developed_on(connection, folder.study.id, kept.name)
    if seen:
        print(f"  {seen:,} of them helped to develop the codebook: agreement on these flatters the model.")
    print(f"{one_line(str(file), 300)}: a blank for each code of codebook version {book.version}.")
    if file.suffix.lower() != ".xlsx":
        print(f"  Give the codebook along: intercoder codebook show {folder.argument} --format md")
    print(f"Read it back with: intercoder import-coding {folder.argument} {typed(file)}")


def _tell_import(written: Written) -> None:
    from intercoder.core.shown import counted, one_line

    segments = counted(written.segments, "segment")
    print(
        f"{one_line(written.coder)}: {counted(written.cells, 'coding')} on {segments}: {written.new:,} new, "
        f"{written.changed:,} changed, {written.unchanged:,} as before; {written.blank:,} blank."
    )
    if written.memos:
        print(f"  {counted(written.memos, 'memo')} new or changed.")
    if written.emptied:
        print(f"  {counted(written.emptied, 'cell')} coded before and blank now: what was said stands.")
    if written.outdated:
        print(
            f"  {counted(written.outdated, 'coding')} left out: made under an older codebook version than those "
            "that stand."
        )


def _sample_of(folder: StudyFolder, sheet: FilledSheet, given: str) -> str:
    """The sample that a sheet is of: the one named, or the one that all its rows name; empty if none is.

    Raises:
        InputError: There is no such sample, or rows name several.
    """
    from intercoder.core.errors import InputError
    from intercoder.stores.corpus.named_samples import read_sample

    named = sorted({row.sample for row in sheet.rows if row.sample})
    ours = [row for row in sheet.rows if row.study_id in ("", folder.study.id)]
    if not given and len(named) > 1:
        raise InputError(
            f"holds rows of several samples: {', '.join(named)}.",
            where=str(sheet.path),
            remedy="Split it.",
        )
    name = given or (named[0] if named and ours else "")
    if name:
        read_sample(folder.engine, folder.study.id, name)
    return name


def _named(located: Located) -> list[str]:
    return [segment_id for segments in located.segments.values() for segment_id in segments]


def _books(folder: StudyFolder) -> dict[int, Codebook]:
    """The study's complete codebook versions, by number.

    Raises:
        StudyError: There is none.
    """
    from intercoder.stores.codebooks.codebooks import complete_versions, read_version
    from intercoder.stores.codebooks.counted_codebooks import latest_codebook
    from intercoder.stores.database import reading

    with reading(folder.engine) as connection:
        versions = complete_versions(connection, folder.study.id)
        if not versions:
            latest_codebook(folder.engine, folder.study.id)
        return {version: read_version(connection, folder.study.id, version) for version in versions}
