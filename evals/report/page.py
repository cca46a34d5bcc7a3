"""The report as one HTML page that needs no network and trusts nothing that was said in the study."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intercoder.evals.report.agreement_figure import agreement_series, forest
from intercoder.evals.report.code_index import index
from intercoder.evals.report.comparison import Embed
from intercoder.evals.report.contents import Contents
from intercoder.evals.report.figures import Cell, Figure
from intercoder.evals.report.methods import methods
from intercoder.evals.report.quality_figures import composite_figure, length_figure, likeness_figures
from intercoder.evals.report.reading_figures import cooccurrence_figure, saturation_figure
from intercoder.evals.report.space_figures import measured, network_figure, space_figure
from intercoder.evals.report.summary import summary
from intercoder.evals.report.tables import codes_data, decisions_data, kept

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

HERE = Path(__file__).parent
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def report_html(contents: Contents, embed: Embed, *, study_argument: str = "STUDY") -> str:
    """Make the page. The same contents give the same text.

    Args:
        contents: What it is about.
        embed: Embeds labels.
        study_argument: The study's directory as it is typed after a command.
    """
    numbered = index(contents)
    series = agreement_series(contents)
    spaces = measured(contents, numbered, embed)
    likeness = likeness_figures(contents, numbered, embed)
    figures = [
        forest(series, numbered),
        composite_figure(contents, numbered, embed),
        space_figure(spaces, numbered),
        length_figure(contents, numbered),
        *likeness,
        network_figure(spaces, contents, numbered),
        saturation_figure(contents, numbered),
        cooccurrence_figure(contents, numbered),
    ]
    decisions = kept(contents)
    data = {
        "figures": {figure.id: _specification(figure) for figure in figures if not figure.undefined},
        "codes": codes_data(contents, numbered, series),
        "decisions": decisions_data(contents, numbered, decisions.lines),
    }
    return _render(
        contents=contents,
        summary=summary(contents, numbered, series, spaces),
        figures=figures,
        decisions=decisions,
        code_count=len(numbered.codes),
        agreement_among=series[0].name if series else "",
        methods=methods(contents, series, spaces, [figure.id for figure in figures if not figure.undefined]),
        study_argument=study_argument,
        data=embedded_json(data),
    )


def embedded_json(value: Any) -> str:
    """JSON that cannot end the `<script>` it stands in, nor begin a comment or another one there."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda mark: _UNSAFE[mark[0]], text)


def _specification(figure: Figure) -> Mapping[str, Any]:
    return {"data": figure.data, "layout": figure.layout, "narrow": figure.narrow}


def _render(*, data: str, **values: Any) -> str:
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    scripts = {"guard": _own("guard.js"), "plotly": get_plotlyjs(), "page": _own("page.js")}
    page = (
        _environment()
        .get_template("page.html.jinja")
        .render(
            **values,
            # What is marked as safe here is ours, or escaped by `embedded_json`.
            data=Markup(data),  # noqa: S704
            style=Markup(_own("page.css")),  # noqa: S704
            scripts={name: Markup(text) for name, text in scripts.items()},  # noqa: S704
            policy=_policy(list(scripts.values())),
        )
    )
    # A lone surrogate, which a model may have written, is no character of any file.
    return page.encode("utf-8", "replace").decode("utf-8")


def _policy(scripts: Sequence[str]) -> str:
    """Only our scripts run, by their hashes, and nothing is fetched from anywhere."""
    hashes = (base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode() for text in scripts)
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:"


def _own(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = _shown
    environment.filters["prose"] = _prose
    return environment


def _prose(text: str) -> Markup:
    """Our own words, in which `...` is a command; all else is escaped."""
    from markupsafe import Markup

    template = Markup("<code>{}</code>")
    parts = [template.format(part) if at % 2 else part for at, part in enumerate(text.split("`"))]
    return Markup("").join(parts)


def _shown(cell: Cell) -> str:
    """A cell as people read it."""
    if isinstance(cell, float):
        return "undefined" if math.isnan(cell) else f"{cell:.3f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
