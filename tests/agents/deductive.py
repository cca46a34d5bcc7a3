"""A codebook, and answers about its codes, for the tests of deductive agents."""

import json
from collections.abc import Sequence
from typing import Any

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.decisions import CodeAnswer, Provenance
from intercoder.core.texts.quotes import locate

THRIFT = Code(
    id="c_thrift",
    label="thrift",
    definition="Money is saved\nby repairing.",
    include=("Repair is called cheaper.",),
    exclude=("Prices of new things.",),
    examples=(CodeExample(text="It cost me nothing."),),
    negative_examples=(CodeExample(text="It was dear."),),
    parent="c_motives",
)
PRIDE = Code(id="c_pride", label="pride", definition="Somebody is proud of a repair.")
MOTIVES = Code(id="c_motives", label="motives", definition="Why people repair.")
HASHTAG = Code(id="c_tag", label="hashtag", kind="pattern", pattern=r"#\w+")
BOOK = Codebook(version=3, codes=(MOTIVES, THRIFT, PRIDE))
EXCLUSIVE = BOOK.model_copy(update={"exclusive": True})


def unsure(book: Codebook) -> Codebook:
    """The book with `unsure` allowed."""
    return book.model_copy(update={"allow_unsure": True})


def deciding(decision: str, quote: str = "", reason: str = "It says so.") -> str:
    """A deductive coder's reply."""
    return json.dumps({"quote": quote, "reason": reason, "decision": decision})


def said(coder: str, value: Any, code: Code | None = THRIFT, quote: str = "") -> CodeAnswer:
    """What a coder said of a code about the text "I mended the toaster at home."."""
    return CodeAnswer(
        coder=coder,
        value=value,
        code_id=code.id if code else "",
        reason=f"{coder} says so.",
        quote=locate(quote, "I mended the toaster at home."),
        provenance=Provenance(answer_key=f"key of {coder}"),
    )


def votes(*values: str) -> Sequence[CodeAnswer]:
    """What ana, ben, caro and dora say of thrift."""
    return [said(name, value) for name, value in zip(("ana", "ben", "caro", "dora"), values, strict=False)]
