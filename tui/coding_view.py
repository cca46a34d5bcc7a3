"""How the Coding screen puts things: codes with their signs, rules, answers of others, progress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from textual.content import Content

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.hand_coding import HandCoded
from intercoder.core.decisions import Value
from intercoder.core.documents import Segment, SpokenText
from intercoder.core.shown import counted, listed
from intercoder.stores.people.others_answers import OthersAnswer
from intercoder.tui.text import joined, line, shown

SIGNS: Mapping[Value, str] = {"yes": "✓", "no": "–", "unsure": "?", "": " "}
"""What stands before a code: given, not given, unsure, not answered."""
STYLES: Mapping[Value, str] = {
    "yes": "bold $text-success",
    "no": "dim",
    "unsure": "bold $text-warning",
    "": "",
}


def code_line(code: Code, mine: HandCoded, digit: str) -> Content:
    """A code in the list: sign, digit, label, whether a quote and a note go with it; then its definition."""
    value = mine.values.get(code.id, "")
    decision = mine.decision(code.id)
    quoted = decision is not None and decision.quote.text
    return joined(
        Content.styled(f"{SIGNS[value]} ", STYLES[value]),
        Content.styled(f"{digit or ' '} ", "$text-accent"),
        line(code.label, 60, STYLES[value]),
        Content.styled(" ”", "$text-accent") if quoted else "",
        Content.styled(" ✎", "$text-accent") if decision is not None and decision.reason else "",
        joined("  ", line(code.definition, 80, "dim")) if code.definition.strip() else "",
    )


def rules(code: Code | None, book: Codebook, mine: HandCoded) -> Content:
    """What a coder needs to know of a code, and what the person's answer rests on."""
    if code is None:
        return Content.styled("No code is marked.", "dim")
    parts: list[Content] = [line(code.label, 120, "bold")]
    parent = book.code(code.parent)
    if parent is not None:
        parts.append(joined(Content.styled("in ", "dim"), line(parent.label, 80, "dim")))
    decision = mine.decision(code.id)
    if decision is not None:
        parts.append(Content.styled(f"{SIGNS[decision.value]} {decision.value}", STYLES[decision.value]))
        if decision.quote.text:
            parts.append(joined("“", shown(decision.quote.text), "”"))
        if decision.reason:
            parts.append(joined("✎ ", shown(decision.reason)))
    parts.append(shown(code.definition) if code.definition.strip() else Content.styled("No definition.", "dim"))
    parts += [joined(Content.styled("+ ", "bold $text-success"), shown(rule)) for rule in code.include]
    parts += [joined(Content.styled("- ", "bold $text-error"), shown(rule)) for rule in code.exclude]
    parts += [joined(Content.styled("e.g. ", "dim"), shown(one.text)) for one in code.examples]
    parts += [joined(Content.styled("not ", "dim"), shown(one.text)) for one in code.negative_examples]
    return Content("\n").join(parts)


def around(texts: Sequence[SpokenText], note: str = "") -> Content:
    """Segments before or after the one that is coded, dimmed."""
    parts = [shown(note, "italic dim")] if note else []
    parts += [
        joined(line(one.speaker, 40, "bold dim"), ": " if one.speaker else "", shown(one.text, "dim"))
        for one in texts
    ]
    return Content("\n").join(parts)


def head(segment: Segment) -> Content:
    """Where a segment stands, who says it, and what is known of its document."""
    parts = [line(segment.document, 60, "bold")]
    if segment.speaker:
        parts.append(line(segment.speaker, 40, "bold $text-accent"))
    parts += [
        joined(line(f"{name}:", 40, "dim"), " ", line(str(value), 60)) for name, value in segment.attributes.items()
    ]
    return Content("  ").join(parts)


def others(answers: Sequence[OthersAnswer]) -> Content:
    """What others said of the segment: code by code, differences first, who merely agrees on a no in one line."""
    if not answers:
        return Content("")
    grouped: dict[tuple[str, str, Value], list[OthersAnswer]] = {}
    for one in answers:
        label = one.decision.label or ("unsure which code" if one.decision.value == "unsure" else "nothing to code")
        grouped.setdefault((one.compared, label, one.decision.value or "yes"), []).append(one)
    parts = [Content.styled("What others said", "bold $text-primary")]
    for (compared, label, value), group in sorted(grouped.items(), key=_weight):
        parts += _group(compared, label, value, group)
    return Content("\n").join(parts)


def _weight(item: tuple[tuple[str, str, Value], list[OthersAnswer]]) -> tuple[bool, bool]:
    compared, _, value = item[0]
    return compared != "differs", value == "no"


def _group(compared: str, label: str, value: Value, group: Sequence[OthersAnswer]) -> Iterator[Content]:
    """One answer with all who gave it; below it their reasons and quotes, each once."""
    word = {"agrees": "= agrees", "differs": "≠ differs"}.get(compared, "")
    names = listed([one.who for one in group])
    yield joined(
        Content.styled(f"{SIGNS[value]} ", STYLES[value]),
        line(label, 60),
        Content.styled(f"  {value}  ", STYLES[value]),
        Content.styled(f"{word}  ", "bold $text-warning" if compared == "differs" else "dim") if word else "",
        line(names, 200, "dim"),
    )
    why = dict.fromkeys((one.decision.quote.text, one.decision.reason) for one in group)
    for quote, reason in why:
        if quote or reason:
            yield joined(
                "    ",
                joined("“", line(quote, 120), "”  ") if quote else "",
                line(reason, 160, "dim"),
            )


def progress(done: int, total: int, pace: float | None, name: str) -> Content:
    """How far the person is, how fast they are, and how long the rest takes."""
    parts = [line(name, 40, "bold"), Content(f"{done:,} of {total:,} done")]
    if pace is not None:
        parts.append(Content(f"{pace:.0f} s a segment"))
        left = total - done
        parts.append(Content(f"about {duration(pace * left)} left" if left else "all done"))
    elif done == total:
        parts.append(Content("all done"))
    return Content("  ·  ").join(parts)


def duration(seconds: float) -> str:
    """Seconds as people say them: `40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def quotes_in(segment: Segment, mine: HandCoded) -> Iterator[tuple[int, int]]:
    """Code points of the segment that the person's answers quote."""
    for one in mine.decisions:
        if one.quote.start is not None and one.quote.end is not None and one.quote.start >= segment.start:
            yield one.quote.start - segment.start, one.quote.end - segment.start


def work_name(sample: str, unit: str) -> str:
    """What is coded, in a few words."""
    return sample or f"all {unit} segments"


def work_size(size: int, population: int) -> str:
    """How many segments there are to code."""
    return counted(size, "segment") if size == population else f"{size:,} of {population:,} segments"
