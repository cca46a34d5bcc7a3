"""A study that people coded, and an encoder of random numbers that reads its words: distilled in moments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.given_answers import CodedSheet, HumanCoding
from intercoder.core.documents import Document, Segment, Span, whole
from intercoder.stores.codebooks.codebooks import read_version, reserve_version, write_version
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.named_samples import keep_sample
from intercoder.stores.corpus.samples import Drawn, Scope, choose
from intercoder.stores.database import writing
from intercoder.stores.people.human_codings import write_codings
from intercoder.stores.study_folder import StudyFolder, create_study
from intercoder.training.distillation.human_data import HumanItem

SETTINGS = """
id = "study_test"
question = "Why do people mend things?"
[[coders]]
name = "ana"
model = "scripted:words"
[synthesizer]
shots = 0
words_shared = 1.0
cosine = 1.0
[embedding]
model = "scripted:hashing"
"""
THINGS = ("kettle", "roof", "coat", "chair", "clock", "lamp", "boots", "gate", "radio", "bag")
MENDED = "Anyone could mend that {thing} with {how}"
BOUGHT = "Somebody bought another {thing} from {how}"
HOW = {MENDED: ("glue", "wire", "thread", "nails"), BOUGHT: ("town", "catalogues", "friends", "shops")}
REPAIR = Code(id="c_1", label="repair", definition="People mend what broke.")
BUYING = Code(id="c_2", label="buying", definition="Something was bought.")


def texts(number: int) -> list[str]:
    """So many different texts, every second of which is about mending."""
    pairs = [
        (MENDED.format(thing=thing, how=mended), BOUGHT.format(thing=thing, how=bought))
        for (mended, bought), thing in product(zip(HOW[MENDED], HOW[BOUGHT], strict=True), THINGS)
    ]
    return [text for pair in pairs for text in pair][:number]


def make_study(
    path: Path,
    number: int = 40,
    *,
    codes: Sequence[Code] = (REPAIR,),
    exclusive: bool = False,
    people: Sequence[str] = ("ana", "ben"),
    settings: str = SETTINGS,
    documents: int = 0,
) -> StudyFolder:
    """A study of which all segments are coded: `repair` where something is mended, `buying` where bought.

    The second person is wrong about every seventh segment.

    Args:
        path: Its directory.
        number: Segments.
        codes: Of the codebook.
        exclusive: Whether the codes exclude one another.
        people: Who coded.
        settings: Its study.toml.
        documents: Documents that the segments are in; 0 for one each.
    """
    folder = create_study(path, settings)
    fill(folder, texts(number), documents)
    book = make_book(folder, codes, exclusive=exclusive)
    for place, person in enumerate(people):
        code_all(folder, book, person, wrong=7 * place)
    return folder


def fill(folder: StudyFolder, lines: Sequence[str], documents: int = 0) -> None:
    """Import texts as rows, or as paragraphs of so many documents."""
    groups = [lines[at::documents] for at in range(documents)] if documents else [[line] for line in lines]
    sources = [
        Document(
            name=f"t#{at}",
            source="t.csv",
            key=str(at),
            text="\n\n".join(group),
            attributes={"town": f"town {at % 5}"},
        )
        for at, group in enumerate(groups)
    ]
    source = Source(name="t.csv", sha256="t", options={}, unit="paragraph" if documents else "row")
    import_source(folder.engine, folder.study.id, source, sources, _spans, [])


def make_book(folder: StudyFolder, codes: Sequence[Code], *, exclusive: bool = False) -> Codebook:
    """The study's next codebook version."""
    with writing(folder.engine) as connection:
        version = reserve_version(connection, folder.study.id, "", 1)
        before = read_version(connection, folder.study.id, version - 1)
        settings = Codebook(version=0, exclusive=exclusive, allow_unsure=True)
        write_version(connection, folder.study.id, version, tuple(codes), before, "ana", settings)
        return read_version(connection, folder.study.id, version)


def code_all(folder: StudyFolder, book: Codebook, person: str, *, wrong: int = 0, first: int | None = None) -> None:
    """Let a person code everything, or the first so many segments; every so manieth wrongly."""
    rows = choose(folder.engine, folder.study.id, Scope())[:first]
    lines = texts_of(folder, [row.segment_id for row in rows])
    codings: list[HumanCoding] = []
    for place, row in enumerate(rows):
        mended = ("mend" in lines[row.segment_id]) != bool(wrong and place % wrong == 0)
        for code in book.codes:
            applies = mended == (code.id == REPAIR.id)
            if book.exclusive and not applies:
                continue
            codings.append(given(book, row.segment_id, code, "yes" if applies else "no", person))
    write_codings(folder.engine, folder.study.id, CodedSheet(codings=tuple(codings), memos=(), blank=()))


def given(book: Codebook, segment_id: str, code: Code, value: str, person: str) -> HumanCoding:
    """One coding."""
    return HumanCoding.model_validate(
        {
            "coder": person,
            "segment_id": segment_id,
            "code_id": code.id,
            "code_revision": code.revision,
            "label": code.label,
            "value": value,
            "position": 0 if book.exclusive else [one.id for one in book.codes].index(code.id),
            "codebook_version": book.version,
            "exclusive": book.exclusive,
        }
    )


def texts_of(folder: StudyFolder, segment_ids: Sequence[str]) -> dict[str, str]:
    """Segment id -> text."""
    from intercoder.stores.corpus.segments import segment_texts
    from intercoder.stores.database import reading

    with reading(folder.engine) as connection:
        return segment_texts(connection, folder.study.id, segment_ids)


def sample_unevenly(folder: StudyFolder, name: str, weights: Sequence[float]) -> None:
    """Keep a sample of the first segments, drawn with one over these chances."""
    rows = choose(folder.engine, folder.study.id, Scope())[: len(weights)]
    keep_sample(folder.engine, folder.study.id, name, Scope(), Drawn(rows, 100, weights))


def item(text: str, targets: dict[str, bool], document: str = "", **attributes: Any) -> HumanItem:
    """A human item that is in no study."""
    segment: Segment = whole(
        Document(name=document or text, source="t", key=document or text, text=text, attributes=attributes)
    )
    named = {"document_id": f"d_{document}"} if document else {}
    segment = segment.model_copy(update={"id": f"s_{text}", **named})
    return HumanItem(segment=segment, targets=targets, said={"ana": targets} if targets else {})


def make_encoder(folder: Path) -> str:
    """A small BERT with random weights that knows the words of these texts; its reference."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = sorted({word.lower() for text in texts(80) for word in text.split()})
    vocabulary = {word: place for place, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder)
    return f"hf:{folder}"


def _spans(document: Document) -> list[Span]:
    spans, start = [], 0
    for part in document.text.split("\n\n"):
        spans.append(Span(start=start, end=start + len(part)))
        start += len(part) + 2
    return spans
