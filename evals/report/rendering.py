"""Making one HTML file that needs no network and trusts nothing that was said in the study."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intercoder.evals.report.figures import Cell, Figure

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

HERE = Path(__file__).parent
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(template: str, script: str, *, data: Mapping[str, Any], style: str = "", **values: Any) -> str:
    """Fill a template: everything in it is escaped but our own scripts and styles.

    Args:
        template: Its file here.
        script: The script that fills the page, a file here; it finds `shared.js` before it.
        data: What the script reads.
        style: A style sheet of the page's own, a file here.
        **values: What the template names.
    """
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    scripts = {
        "guard": _own("guard.js"),
        "plotly": get_plotlyjs(),
        "page": f"{_own('shared.js')}{_own(script)}",
    }
    page = (
        _environment()
        .get_template(template)
        .render(
            **values,
            # What is marked as safe here is ours, or escaped by `embedded_json`.
            data=Markup(embedded_json(data)),  # noqa: S704
            style=Markup(_own("page.css") + (_own(style) if style else "")),  # noqa: S704
            scripts={name: Markup(text) for name, text in scripts.items()},  # noqa: S704
            policy=_policy(list(scripts.values())),
        )
    )
    # A lone surrogate, which a model may have written, is no character of any file.
    return page.encode("utf-8", "replace").decode("utf-8")


def specifications(figures: Sequence[Figure]) -> dict[str, Mapping[str, Any]]:
    """What the script needs to draw figures, by id; those that are undefined are left out."""
    return {
        figure.id: {"data": figure.data, "layout": figure.layout, "narrow": figure.narrow}
        for figure in figures
        if not figure.undefined
    }


def embedded_json(value: Any) -> str:
    """JSON that cannot end the `<script>` it stands in, nor begin a comment or another one there."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda mark: _UNSAFE[mark[0]], text)


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
