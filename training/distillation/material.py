"""What a distillation works on: a study, a codebook, people's decisions apart in three parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.codebook_diff import shown_of
from intercoder.core.documents import Segment
from intercoder.core.identity import digest, plain
from intercoder.stores.classifiers.split_places import read_places, write_places
from intercoder.stores.codebooks.current_book import current_book
from intercoder.stores.study_folder import StudyFolder
from intercoder.training.distillation.distillation_settings import DistillationSettings
from intercoder.training.distillation.enough import check_enough, check_parts
from intercoder.training.distillation.heads import weights_of
from intercoder.training.distillation.human_data import HumanData, HumanItem, read_human, wanted_codes
from intercoder.training.distillation.parts import Parts, group_of, split

FEWEST_WORDS = 3
"""Of a text that may be quoted in another one; fewer stand in many texts by chance."""


@dataclass(frozen=True)
class Material:
    """All that a distillation begins with."""

    folder: StudyFolder
    book: Codebook
    data: HumanData
    parts: Parts
    settings: DistillationSettings
    sample: str = ""
    """Sample whose codings are used; empty for all."""

    @property
    def codes(self) -> tuple[Code, ...]:
        """The codes that are learnt."""
        return self.data.codes

    @cached_property
    def teaching_book(self) -> Codebook:
        """The codebook as writers of training data may see it.

        Examples in a codebook are quotes of segments, and such a segment may be held out: those stay away.
        """
        apart = self._apart
        ids = {one.segment.id for one in (*self.parts.development, *self.parts.held_out)}

        def kept(examples: Sequence[CodeExample]) -> tuple[CodeExample, ...]:
            return tuple(
                one
                for one in examples
                if one.segment_id not in ids and not any(_quotes(plain(one.text), text) for text in apart)
            )

        codes = (
            code.model_copy(
                update={"examples": kept(code.examples), "negative_examples": kept(code.negative_examples)}
            )
            for code in self.book.codes
        )
        return self.book.model_copy(update={"codes": tuple(codes)})

    @cached_property
    def quoting_codes(self) -> tuple[str, ...]:
        """Labels of codes whose definition or rules quote a segment that is measured on, or chosen with.

        They are the codebook's own words, and stay: who writes and who is measured reads them.
        """

        def quotes(code: Code) -> bool:
            told = [plain(text) for text in (code.definition, *code.include, *code.exclude)]
            return any(
                len(text.split()) >= FEWEST_WORDS and any(_holds(one, text) for one in told) for text in self._apart
            )

        return tuple(code.label for code in self.codes if quotes(code))

    @cached_property
    def _apart(self) -> list[str]:
        """The texts that nobody learns from."""
        return [plain(one.segment.text) for one in (*self.parts.development, *self.parts.held_out)]

    @cached_property
    def teaching_codes(self) -> tuple[Code, ...]:
        """The codes that are learnt, as in the teaching book."""
        learnt = {code.id for code in self.codes}
        return tuple(code for code in self.teaching_book.codes if code.id in learnt)

    @property
    def spared_examples(self) -> int:
        """Examples of the codes that whoever writes is not shown: quotes of what is measured on."""

        def shown(codes: Sequence[Code]) -> int:
            return sum(len(code.examples) + len(code.negative_examples) for code in codes)

        return shown(self.codes) - shown(self.teaching_codes)

    @cached_property
    def key(self) -> str:
        """Hash of what people decided, of the codes as coders are shown them, of the split, and of any weights."""
        parts = [
            [(one.segment.id, one.segment.text, sorted(one.targets.items()), one.said) for one in part]
            for part in self.parts.each
        ]
        shown = [(code.id, shown_of(self.book, code)) for code in self.codes]
        weights = [weights for part in self.parts.each if (weights := weights_of(part))]
        return digest(shown, self.book.allow_unsure, self.data.head, parts, *weights)

    def with_settings(self, settings: DistillationSettings) -> Material:
        """The same with other settings that leave the split as it is."""
        return replace(self, settings=settings)


def _quotes(one: str, other: str) -> bool:
    """Whether either text holds the other, word for word; one of a word or two must be the whole of it."""
    if min(len(one.split()), len(other.split())) < FEWEST_WORDS:
        return one == other
    return _holds(one, other) or _holds(other, one)


def _holds(text: str, words: str) -> bool:
    """Whether a text holds these words, in a row and whole."""
    return words in text and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def prepare(
    folder: StudyFolder, named: Sequence[str], settings: DistillationSettings, sample: str = ""
) -> Material:
    """Read what people decided and cut it into parts.

    Args:
        folder: The study.
        named: Codes by label or id; none for all.
        settings: How it is split, and how much is needed.
        sample: Only codings of this sample; empty for all.

    Raises:
        InputError: There is no such code, sample or attribute, or too little was coded.
        StudyError: There is no codebook.
    """
    book = current_book(folder)
    data = read_human(folder, book, wanted_codes(book, named), sample)
    check_enough(data, settings.fewest)
    known = read_places(folder.engine, folder.study.id, split_key(data.codes, settings, sample))
    groups = {group_of(one, settings.by) for one in data.items}
    parts = split(
        data.items,
        development=settings.development,
        held_out=settings.held_out,
        seed=settings.split_seed,
        by=settings.by,
        places={name: known[place] for name in groups if (place := digest(name)) in known},
    )
    check_parts(parts, data.codes)
    return Material(folder, book, data, parts, settings, sample)


def keep_places(material: Material) -> None:
    """Write down which part each document is in, so that it stays there when people code more."""
    folder = material.folder
    places = {digest(name): part for name, part in material.parts.places.items()}
    key = split_key(material.codes, material.settings, material.sample)
    write_places(folder.engine, folder.study.id, key, places)


def split_key(codes: Sequence[Code], settings: DistillationSettings, sample: str) -> str:
    """Hash of how people's codings are split: what is split alike keeps its places."""
    shares = settings.development, settings.held_out
    return digest(sorted(code.id for code in codes), settings.by, settings.split_seed, shares, sample)


def bare(item: HumanItem) -> Segment:
    """A segment without what stands around it, which may be a text that is held out."""
    return item.segment.model_copy(update={"context": ""})
