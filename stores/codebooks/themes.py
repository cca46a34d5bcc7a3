"""Themes in the database: proposed by a run, and a level of the codebook once somebody accepts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebook import Code, Lineage
from intercoder.core.coding.concepts import Theme
from intercoder.core.decisions import Failure
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import complete_versions, read_version, reserve_version, write_version
from intercoder.stores.database import insert_new, reading, writing
from intercoder.stores.runs.runs import get_run, update_run, write_failures


class SqlThemeStore:
    """See `core.protocols.ThemeStore`."""

    def __init__(self, engine: Engine, study_id: str) -> None:
        self.engine = engine
        self.study_id = study_id

    def run(self, run_id: str) -> Run:
        """The run as it stands."""
        with reading(self.engine) as connection:
            return get_run(connection, self.study_id, run_id)

    def codes(self, run_id: str) -> Sequence[Code]:
        """The codes to be grouped: those of the codebook version that the run works on, themes left out."""
        with reading(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            return plain_codes(read_version(connection, self.study_id, run.base_version).codes)

    def themes(self, run_id: str) -> Sequence[Theme]:
        """The themes found so far, in order."""
        with reading(self.engine) as connection:
            return _read(connection, self.study_id, run_id)

    def write_themes(self, run_id: str, themes: Sequence[Theme]) -> None:
        """Commit the groups, in one transaction; writing them twice changes nothing."""
        own = {"study_id": self.study_id, "run": run_id}
        with writing(self.engine) as connection:
            if _read(connection, self.study_id, run_id):
                return
            rows = [
                {**own, "position": position, **theme.model_dump(exclude={"code_ids"})}
                for position, theme in enumerate(themes)
            ]
            members = [
                {**own, "code_id": code_id, "theme": position, "place": place}
                for position, theme in enumerate(themes)
                for place, code_id in enumerate(theme.code_ids)
            ]
            insert_new(connection, schema.themes, rows)
            insert_new(connection, schema.theme_members, members)
            update_run(connection, self.study_id, run_id, total=len(themes))

    def write_names(self, run_id: str, named: Mapping[int, Theme], failures: Sequence[Failure]) -> None:
        """Commit label, definition and status of themes, by place, with what failed; moves the run's cursor."""
        table = schema.themes
        with writing(self.engine) as connection:
            for position, theme in named.items():
                connection.execute(
                    sa.update(table)
                    .where(table.c.study_id == self.study_id, table.c.run == run_id, table.c.position == position)
                    .values(**theme.model_dump(exclude={"code_ids"}))
                )
            run = get_run(connection, self.study_id, run_id)
            write_failures(connection, self.study_id, run, failures)
            update_run(connection, self.study_id, run_id, position=run.position + len(named))

    def finish(self, run_id: str) -> None:
        """Close the run. The codebook stays as it is until somebody accepts the themes."""
        with writing(self.engine) as connection:
            update_run(connection, self.study_id, run_id, status="done")


def plain_codes(codes: Sequence[Code]) -> list[Code]:
    """The codes that are no theme: nothing has them as its parent."""
    parents = {code.parent for code in codes}
    return [code for code in codes if code.id not in parents]


def accept(engine: Engine, study_id: str, run_id: str) -> int:
    """Make proposed themes the upper level of a new codebook version: each a code, parent of its members.

    Returns:
        The new version's number.

    Raises:
        StudyError: The run is not finished, or the codebook has changed since it began.
    """
    with writing(engine) as connection:
        run = get_run(connection, study_id, run_id)
        latest = complete_versions(connection, study_id)[-1]
        _check_acceptable(run, latest)
        before = read_version(connection, study_id, run.base_version)
        themes = _read(connection, study_id, run_id)
        parents = {code_id: theme.id for theme in themes for code_id in theme.code_ids}
        codes = [_theme_code(theme, run_id) for theme in themes]
        codes += [code.model_copy(update={"parent": parents[code.id]}) for code in plain_codes(before.codes)]
        version = reserve_version(connection, study_id, run_id, run.round, author=run_id)
        write_version(connection, study_id, version, codes, before, author=run_id)
    return version


def _check_acceptable(run: Run, latest: int) -> None:
    if run.status != "done":
        raise StudyError(
            f"`{run.id}` is not finished.", remedy="Finish it first with `intercoder resume`, then accept."
        )
    if run.base_version != latest:
        raise StudyError(
            f"`{run.id}` proposed themes for codebook version {run.base_version}; the latest is {latest}.",
            remedy="If you accepted them before, you are done. Else find themes anew with `intercoder themes`.",
        )


def _theme_code(theme: Theme, run_id: str) -> Code:
    return Code(id=theme.id, label=theme.label, definition=theme.definition, lineage=Lineage(run=run_id))


def _read(connection: Connection, study_id: str, run_id: str) -> list[Theme]:
    table, members = schema.themes, schema.theme_members
    held: dict[int, list[str]] = {}
    query = (
        sa.select(members)
        .where(members.c.study_id == study_id, members.c.run == run_id)
        .order_by(members.c.theme, members.c.place)
    )
    for row in connection.execute(query):
        held.setdefault(row.theme, []).append(row.code_id)
    themes = sa.select(table).where(table.c.study_id == study_id, table.c.run == run_id).order_by(table.c.position)
    return [
        Theme(
            label=row.label,
            definition=row.definition,
            status=row.status,
            answer_key=row.answer_key,
            code_ids=tuple(held[row.position]),
        )
        for row in connection.execute(themes)
    ]
