"""Codebooks to write and read back."""

from hypothesis import strategies as st

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.codebook_checks import folded

BOOK = Codebook(
    version=3,
    run="inductive-2",
    codes=(
        Code(
            id="c_1",
            label="mending",
            definition="Doing it\noneself.",
            examples=(
                CodeExample(text="I mend it", segment_id="s_1"),
                CodeExample(text="I mend it", segment_id="s_2"),
            ),
        ),
        Code(id="c_2", label="=SUM(A1)", include=("a | b", "b|", "\\"), exclude=("c",), parent="c_1"),
        Code(
            id="c_3",
            label="# Heading *bold*",
            negative_examples=(CodeExample(text="- one\n- two"),),
            kind="pattern",
            pattern=r"#\w+|`x`",
        ),
    ),
    counts={"c_1": 2, "c_2": 7},
)

marks = st.text("ab '\"=+-@|\\:#*_`<>[]{}&!%~?,;.\n\r\t1\x85\u2028é字😀\u200b", min_size=1, max_size=12)
any_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
texts = (marks | any_text).filter(lambda text: text.strip() and folded(text))
rules = st.lists(texts, max_size=3).map(tuple)
examples = st.lists(st.builds(CodeExample, text=texts, segment_id=st.sampled_from(["", "s_1", "s_2"])), max_size=3)


@st.composite
def books(draw: st.DrawFn) -> Codebook:
    """Books over odd texts, as they may stand in a study."""
    labels = draw(st.lists(texts, min_size=1, max_size=4, unique_by=folded))
    codes: list[Code] = []
    for number, label in enumerate(labels):
        pattern = draw(st.sampled_from(["", r"#\w+", r"=\|", "'x"]))
        codes.append(
            Code(
                id=f"c_{number}",
                label=label,
                definition=draw(texts | st.just("")),
                include=draw(rules),
                exclude=draw(rules),
                examples=tuple(draw(examples)),
                negative_examples=tuple(draw(examples)),
                parent=draw(st.sampled_from(["", *(code.id for code in codes)])),
                kind="pattern" if pattern else "model",
                pattern=pattern,
                colour=draw(st.sampled_from(["", "#3584e4", "#112233"])),
                revision=draw(st.integers(1, 3)),
            )
        )
    order = draw(st.permutations(codes))
    exact = any(code.kind == "pattern" for code in codes)  # which no book may hold whose codes exclude one another
    exclusive, unsure = draw(st.tuples(st.just(False) if exact else st.booleans(), st.booleans()))
    counts = {code.id: draw(st.integers(0, 3)) for code in codes[1:]}
    return Codebook(version=3, codes=tuple(order), exclusive=exclusive, allow_unsure=unsure, counts=counts)
