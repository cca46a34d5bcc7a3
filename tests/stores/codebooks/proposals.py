"""A study with a codebook, a development run on it, and revisions that wait."""

from collections.abc import Sequence

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.protocols import Run
from intercoder.core.revisions import Revision, merge, revised, split
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.study_folder import StudyFolder

MEND = Code(
    id="c_mend",
    label="mending",
    definition="Somebody mends a thing.",
    include=("clothes",),
    examples=(CodeExample(text="mends the chair", segment_id="s_1"),),
)
BUY = Code(id="c_buy", label="buying", definition="Somebody buys a new thing.")
LEND = Code(id="c_lend", label="lending")
CODES = (MEND, BUY, LEND)
REDEFINE = revised("definition", MEND, definition="Somebody mends a thing oneself.")
REDEFINE_AGAIN = revised("definition", MEND, definition="A thing is mended.")
RULE = revised("include", MEND, include=("clothes", "tools"))
RENAME = revised("rename", BUY, label="getting new things")
SPLIT = split(BUY, [("buying new", "From a shop."), ("buying used", "From a person.")])
MERGE = merge((BUY, LEND), "having others' things", "Things come from others.")
DROP = Revision(kind="drop", before=(LEND,))


def draft(folder: StudyFolder, codes: Sequence[Code] = CODES) -> Codebook:
    """The first version of a codebook, by a person."""
    return revise_by_hand(
        folder.engine, folder.study.id, [Revision(kind="add", after=(code,)) for code in codes], "ana"
    )


def begin(folder: StudyFolder, book: Codebook) -> Run:
    """A development run over all segments."""
    codes = [code.id for code in book.leaves]
    return create_deductive_run(folder.engine, folder.study, "codevelop", book, codes, Scope())


def propose(
    folder: StudyFolder, run: Run, revisions: Sequence[Revision], dropped: Sequence[int] = ()
) -> list[Revision]:
    """Write a round's proposals; those at some places are dropped ones."""
    own = [
        one.model_copy(
            update={
                "id": f"r_{run.id}_{run.round}_{place}",
                "run": run.id,
                "round": run.round,
                "base_version": run.codebook_version,
                "rationale": "Coders differ.",
                "author": "reviser",
            }
        )
        for place, one in enumerate(revisions)
    ]
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    store.write_revisions(run.id, own, {own[place].id: "it changes nothing." for place in dropped})
    return own
