"""Evidence in words: who said what of a passage and why, what is quoted, and where a revision comes from."""

from __future__ import annotations

from collections.abc import Iterable

from intercoder.core.coding.findings import Excerpt, Said
from intercoder.core.revisions import Revision
from intercoder.core.shown import one_line

VALUES = {"yes": "Yes", "no": "No", "unsure": "unsure"}
GROUPS = ("Coders differ", "Answered otherwise when asked again", "Yes", "No", "Unsure")
"""What is to be seen in a passage, in the order shown."""
WHO = 60
"""Characters of a coder's name."""


def origin(revision: Revision) -> str:
    """Who proposed a revision, with which model and prompt, in which run and round."""
    by = f"by {one_line(revision.author, WHO)}" if revision.author else "by nobody known"
    made = revision.provenance
    if made.model:
        by += f" ({one_line(made.model)}, prompt {one_line(made.prompt, WHO)} {made.prompt_hash[:12]})"
    where = f" in {revision.run}, round {revision.round}" if revision.run else ""
    return f"{by}{where}, for codebook version {revision.base_version}"


def quoted_parts(excerpt: Excerpt) -> list[tuple[str, bool]]:
    """The passage cut into parts, each with whether a coder quoted it; together they are the passage."""
    inside = [False] * len(excerpt.text)
    for quote in {said.quote for said in excerpt.said if said.quote}:
        start = excerpt.text.find(quote)
        if start >= 0:
            inside[start : start + len(quote)] = [True] * len(quote)
    parts: list[tuple[str, bool]] = []
    begin = 0
    for place in range(1, len(inside) + 1):
        if place == len(inside) or inside[place] != inside[begin]:
            parts.append((excerpt.text[begin:place], inside[begin]))
            begin = place
    return parts


def said_words(said: Said, longest: int = 300) -> str:
    """One answer on one line: who, what, why, and a quote that is not in the text."""
    who = f"{one_line(said.coder, WHO)}{' again' if said.role == 'repeat' else ''}"
    answer = f"{who}: {VALUES.get(said.value, said.value)}. {one_line(said.reason, longest)}".rstrip()
    if said.quote and not said.verified:
        answer += f' (quotes what is not in the text: "{one_line(said.quote)}")'
    return answer


def grouped(excerpts: Iterable[Excerpt]) -> dict[str, list[Excerpt]]:
    """Passages by what is to be seen in them (`GROUPS`), each once."""
    groups: dict[str, list[Excerpt]] = {title: [] for title in GROUPS}
    titles = {"yes": "Yes", "no": "No", "unsure": "Unsure"}
    for excerpt in excerpts:
        first = next((said.value for said in excerpt.said if said.role == "coder"), "")
        if excerpt.disputed:
            groups["Coders differ"].append(excerpt)
        elif excerpt.unstable:
            groups["Answered otherwise when asked again"].append(excerpt)
        elif first in titles:
            groups[titles[first]].append(excerpt)
    return groups
