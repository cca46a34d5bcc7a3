"""Distilling a classifier: what it leaves, and that nothing of what is measured on reaches what is measured."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from intercoder import prompts as prompt_files
from intercoder.agents.synthesizer import Synthesizer
from intercoder.core.classifiers import read_card
from intercoder.core.codebook import CodeExample
from intercoder.core.errors import InputError
from intercoder.core.protocols import Embedder, Vectors
from intercoder.core.synthetic import SyntheticSegment
from intercoder.llms.embeddings import HashingEmbedder
from intercoder.stores.classifiers.classifier_folders import read_evaluations
from intercoder.stores.classifiers.synthetic_segments import SqlSyntheticStore
from intercoder.stores.codebooks.current_book import current_book
from intercoder.stores.runs.runs import set_status
from intercoder.stores.study_folder import StudyFolder
from intercoder.training.checkpoints import Workplace
from intercoder.training.distillation import (
    asking,
    cascading,
    distilling,
    measuring,
    published,
    training_sets,
    writing,
)
from intercoder.training.distillation.distillation_settings import DistillationSettings, read_settings
from intercoder.training.distillation.distilling import Distilled, distill, numbers_of
from intercoder.training.distillation.keys import asking_key, coder_key, key_of, people_key
from intercoder.training.distillation.material import Material, prepare
from intercoder.training.distillation.notes import notes_on_sets
from tests.llms.classifiers.tiny_encoders import card, write_card
from tests.training.distillation.studies import (
    BUYING,
    REPAIR,
    SETTINGS,
    code_all,
    item,
    make_book,
    make_encoder,
    make_study,
)
from tests.training.distillation.test_published import CASCADE, begun

pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
pytest.importorskip("sklearn")
WORDS = (
    "total=40",
    "share=0.5",
    "resamples=100",
    "classifier.max_steps=6",
    "classifier.checkpoint_every=2",
    "classifier.learning_rate=0.01",
)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


def settings_of(encoder: str, *words: str) -> DistillationSettings:
    return read_settings(None, [*WORDS, *words], {"encoder": encoder})


def material_of(path: Path, encoder: str, *words: str, **options: Any) -> Material:
    codes = options.pop("named", [])
    return prepare(make_study(path, 60, **options), codes, settings_of(encoder, *words))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, encoder: str) -> tuple[Material, Distilled]:
    material = material_of(tmp_path_factory.mktemp("made") / "study", encoder)
    return material, distill(material, "repair")


def test_a_classifier_lands_in_the_study_with_its_figures(made: tuple[Material, Distilled]) -> None:
    material, distilled = made
    assert distilled.folder == material.folder.path / "classifiers" / "repair"
    card = read_card(distilled.folder)
    assert card == distilled.card
    assert (card.name, card.data.human, card.data.synthetic) == ("repair", 20, 20)
    assert card.data.learnt_documents == material.parts.learnt_documents
    (evaluation,) = read_evaluations(material.folder.path)
    assert evaluation.model_dump_json() == distilled.evaluation.model_dump_json()
    assert [one.system for one in evaluation.systems] == [
        *("classifier", "human_part", "human_all", "logistic", "logistic", "logistic"),
        *("model", "cascade", "people"),
    ]
    assert [one.trained_on for one in evaluation.systems[:6]] == [40, 20, 28, 40, 20, 28]
    assert any("people coded 28 that may be learnt" in one for one in evaluation.notes)
    held_out, people = len(material.parts.held_out), evaluation.systems[-1]
    ties = sum(not one.targets for one in material.parts.held_out)
    assert ties
    assert people.agreement.value == pytest.approx(1 - ties / held_out), (
        "people are measured where they differ, too"
    )
    assert {one.asked for one in evaluation.systems if one.system != "people"} == {held_out}
    assert evaluation.curve is not None
    assert evaluation.curve.chosen == card.confidence
    assert evaluation.curve.model == card.confidence_for
    told = (distilled.folder / "README.md").read_text()
    assert f"chosen for `{card.confidence_for}`" in told
    assert f"## On {held_out} held-out segments" in told
    for one in evaluation.systems:
        assert f"| {one.name} | {one.macro_f1.value:.2f} (" in told
    assert [one.name for one in material.folder.classifiers.iterdir()] == ["repair"], "no workplace is left"


def test_the_same_again_does_nothing(made: tuple[Material, Distilled], monkeypatch: pytest.MonkeyPatch) -> None:
    material, before = made

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(training_sets, "train_classifier", refuse)
    monkeypatch.setattr(writing, "synthesize", refuse)
    again = distill(material, "repair")
    assert again.known
    assert again.card == before.card
    assert again.evaluation.model_dump_json() == before.evaluation.model_dump_json()


def coded_by(material: Material, model: str) -> Material:
    """The same in a study that codes with another language model."""
    folder = material.folder
    (coder,) = folder.study.deductive.coders
    coders = (coder.model_copy(update={"model": model}),)
    other = folder.study.model_copy(
        update={"deductive": folder.study.deductive.model_copy(update={"coders": coders})}
    )
    return replace(material, folder=StudyFolder(folder.path, other, folder.engine))


def test_beside_another_language_model_only_that_is_measured_again(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)
    before = distill(material, "repair")
    weights = (before.folder / "model.safetensors").read_bytes()

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(training_sets, "train_classifier", refuse)
    monkeypatch.setattr(Synthesizer, "write", refuse)
    again = distill(coded_by(material, "scripted:flaky"), "repair")
    assert (again.known, again.asked_anew) == (True, True)
    assert again.card.confidence_for == "scripted:flaky"
    assert (again.card.digest, (again.folder / "model.safetensors").read_bytes()) == (before.card.digest, weights)
    assert read_card(again.folder) == again.card
    assert [one.system for one in again.evaluation.systems] == [one.system for one in before.evaluation.systems]
    named = {one.system: one.name for one in again.evaluation.systems}
    assert named["model"] == "scripted:flaky"
    assert again.evaluation.systems[:6] == before.evaluation.systems[:6]
    assert any("got no usable answer" in note for note in again.evaluation.notes)

    nothing = distill(coded_by(material, "scripted:flaky"), "repair")
    assert (nothing.known, nothing.asked_anew) == (True, False)
    back = distill(material, "repair")
    assert back.card == before.card
    assert (back.evaluation.systems, back.evaluation.notes) == (before.evaluation.systems, before.evaluation.notes)


def test_a_classifier_that_a_run_is_to_go_on_with_is_not_replaced(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)
    folder = material.folder
    place = write_card(card("repair"), folder.classifiers / "repair")
    run = begun(folder)

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(distilling, "asked", refuse)
    for new in (True, False):
        with pytest.raises(InputError, match=f"`{run.id}` is not done"):
            distill(material, "repair", new=new)
        assert read_card(place).digest == "first"
        with Workplace(place) as workplace:
            assert workplace.job(key_of(material)) is None or not new, "nothing was begun"
            workplace.take_up(key_of(material), new=False)
    set_status(folder.engine, folder.study.id, run.id, "done")
    with pytest.raises(AssertionError):
        distill(material, "repair", new=True)


def test_nor_is_its_bound_changed(tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    material = material_of(tmp_path / "study", encoder)
    before = distill(material, "repair")
    begun(material.folder, CASCADE, digest=before.card.digest)
    flaky = coded_by(material, "scripted:flaky")
    measured = distilling._measured

    def at(bound: float) -> None:
        def with_bound(*given: Any) -> Any:
            one, evaluation = measured(*given)
            return one.model_copy(update={"confidence": bound}), evaluation

        monkeypatch.setattr(distilling, "_measured", with_bound)

    at(before.card.confidence + 0.1)
    with pytest.raises(InputError, match="is not done, and goes on with no other"):
        distill(flaky, "repair")
    assert read_card(before.folder) == before.card
    at(before.card.confidence)
    assert distill(flaky, "repair").asked_anew


def test_stopped_while_it_writes_what_it_measured_again_it_is_measured_again(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)
    before = distill(material, "repair")
    real = published.write_card

    def stop(*given: Any) -> None:
        real(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(published, "write_card", stop)
        with pytest.raises(KeyboardInterrupt):
            distill(coded_by(material, "scripted:flaky"), "repair")
    assert read_card(before.folder).confidence_for == "scripted:flaky"
    back = distill(material, "repair")
    assert back.asked_anew
    assert back.card == read_card(before.folder) == before.card


def test_a_run_that_began_meanwhile_keeps_its_classifier(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)
    before = distill(material, "repair")
    looked: list[str] = []

    def found_at_the_end(folder: StudyFolder, out: Path, *, bound: bool = False) -> None:
        looked.append(out.name)
        if len(looked) == 2:
            raise InputError("`final-1` is not done.")

    with monkeypatch.context() as patched:
        patched.setattr(distilling, "check_awaited", found_at_the_end)
        with pytest.raises(InputError, match="final-1"):
            distill(material, "repair", new=True)
    assert read_card(before.folder) == before.card
    monkeypatch.setattr(training_sets, "train_classifier", lambda *_, **__: None)
    assert not distill(material, "repair").known, "what was trained is there to be published"


def test_for_another_target_only_the_bound_is_chosen_again(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)
    before = distill(material, "repair")

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(training_sets, "train_classifier", refuse)
    record = before.folder / published.DISTILLATION
    seconds = json.loads(record.read_bytes())["seconds"]
    again = distill(material.with_settings(settings_of(encoder, "target=1.0")), "repair")
    assert again.asked_anew
    assert list(seconds) == [before.card.confidence_for]
    assert json.loads(record.read_bytes())["seconds"] == seconds, "of when it was asked"
    assert again.evaluation.curve is not None
    assert again.evaluation.curve.points[-1].seconds > 0
    assert again.evaluation.curve.target == 1.0
    assert again.card.digest == before.card.digest


def test_no_classifier_of_a_study_without_a_language_model_loses_the_figures_of_one(
    tmp_path: Path, encoder: str
) -> None:
    material = material_of(tmp_path / "study", encoder)
    before = distill(material, "repair")
    again = distill(coded_by(material, "classifier:repair"), "repair")
    assert (again.known, again.asked_anew) == (True, False)
    assert again.evaluation.model_dump_json() == before.evaluation.model_dump_json()


def test_what_changes_no_classifier_is_not_in_its_key(tmp_path: Path, encoder: str) -> None:
    material = material_of(tmp_path / "study", encoder)
    same = material.with_settings(settings_of(encoder, "target=0.7", "fewest=9", "grid.seeds=[5]"))
    code = material.book.codes[0]
    recoloured = code.model_copy(update={"colour": "#112233"})
    others = (BUYING.model_copy(update={"id": "c_9", "definition": "Something else."}),)
    book = material.book.model_copy(update={"codes": (recoloured, *material.book.codes[1:], *others)})
    assert key_of(same) == key_of(material)
    assert key_of(replace(material, book=book)) == key_of(material)
    redefined = code.model_copy(update={"definition": "Somebody mends what is theirs."})
    data = material.data.model_copy(update={"codes": (redefined, *material.data.codes[1:])})
    assert key_of(replace(material, data=data)) != key_of(material)


def test_what_was_held_out_once_stays_held_out_when_more_is_coded(tmp_path: Path, encoder: str) -> None:
    folder = make_study(tmp_path / "study", 80, people=())
    book = current_book(folder)
    words = settings_of(encoder, "share=0", "total=0")
    code_all(folder, book, "ana", first=40)
    before = prepare(folder, [], words)
    distill(before, "repair")
    code_all(folder, book, "ana")
    after = prepare(folder, [], words)
    assert (len(before.data.items), len(after.data.items)) == (40, 80)
    assert dict(after.parts.places).items() >= dict(before.parts.places).items()
    assert {one.segment.id for one in before.parts.held_out} < {one.segment.id for one in after.parts.held_out}
    other = prepare(folder, [], settings_of(encoder, "share=0", "split_seed=1"))
    assert other.parts.held_out != after.parts.held_out


def test_another_question_is_another_coder(tmp_path: Path, encoder: str) -> None:
    material = material_of(tmp_path / "study", encoder)
    study = material.folder.study.model_copy(update={"question": "What do people think of shops?"})
    other = replace(material, folder=StudyFolder(material.folder.path, study, material.folder.engine))
    assert coder_key(other) != coder_key(material)
    assert asking_key(other) != asking_key(material)


def test_whatever_determines_a_classifier_is_in_its_key(tmp_path: Path) -> None:
    own = make_encoder(tmp_path / "encoder")
    material = material_of(tmp_path / "study", own, "filter=2")
    keys = [key_of(material)]
    prompts = material.folder.path / "prompts"
    for name in ("synthesizer/no.md", "deductive/default.md"):
        given = (Path(prompt_files.__file__).parent / name).read_text("utf-8")
        (prompts / name).parent.mkdir(parents=True)
        (prompts / name).write_text(f"{given}\nTake care.\n", "utf-8")
        keys.append(key_of(material))
    weights = tmp_path / "encoder" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    keys.append(key_of(material))
    study = material.folder.study
    other = study.model_copy(update={"embedding": study.embedding.model_copy(update={"model": "scripted:other"})})
    keys.append(key_of(replace(material, folder=StudyFolder(material.folder.path, other, material.folder.engine))))
    assert len(set(keys)) == len(keys)


def test_with_fewer_segments_in_memory_at_once_it_is_the_same_distillation(tmp_path: Path, encoder: str) -> None:
    words = ("classifier.batch_size=8", "classifier.accumulation=2")
    material = material_of(tmp_path / "study", encoder)
    assert key_of(material) == key_of(material.with_settings(settings_of(encoder, *words)))
    assert key_of(material) != key_of(material.with_settings(settings_of(encoder, words[0])))


def test_an_adapter_that_was_trained_anew_is_another_model(tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    about = {"peft_type": "LORA", "base_model_name_or_path": "x", "r": 8, "target_modules": ["up_proj"]}
    (adapter / "adapter_config.json").write_text(json.dumps(about), "utf-8")
    (adapter / "adapter_model.safetensors").write_bytes(b"first")
    settings = SETTINGS.replace("scripted:words", f"embedded:qwen2.5-coder-0.5b#{adapter}")
    settings += '[[deductive.coders]]\nname = "reader"\n'
    material = material_of(tmp_path / "study", make_encoder(tmp_path / "encoder"), settings=settings)
    before = key_of(material), coder_key(material)
    (adapter / "adapter_model.safetensors").write_bytes(b"second, trained anew")
    assert key_of(material) != before[0]
    assert coder_key(material) != before[1]


def test_a_synthesizer_that_writes_nothing_is_in_no_key(tmp_path: Path) -> None:
    own = make_encoder(tmp_path / "encoder")
    alone = material_of(tmp_path / "study", own, "share=0")
    mixed = alone.with_settings(settings_of(own, "share=0.5"))
    before = [key_of(alone), people_key(mixed), key_of(mixed)]
    (alone.folder.path / "prompts" / "synthesizer").mkdir(parents=True)
    (alone.folder.path / "prompts" / "synthesizer" / "yes.md").write_text(
        "Write for {{question}} {{shared}}.", "utf-8"
    )
    after = [key_of(alone), people_key(mixed), key_of(mixed)]
    assert after[:2] == before[:2]
    assert after[2] != before[2]


def test_stopped_when_all_but_its_workplace_was_done_it_is_there(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)

    remove = Workplace.remove

    def stop(self: Workplace) -> None:
        if self.folder.parent == material.folder.classifiers:
            raise KeyboardInterrupt
        remove(self)

    with monkeypatch.context() as patched:
        patched.setattr(Workplace, "remove", stop)
        with pytest.raises(KeyboardInterrupt):
            distill(material, "repair")
    again = distill(material, "repair")
    assert again.known
    assert [one.name for one in material.folder.classifiers.iterdir()] == ["repair"]


def test_what_was_begun_anew_is_gone_on_with(
    made: tuple[Material, Distilled], monkeypatch: pytest.MonkeyPatch
) -> None:
    material, before = made

    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(distilling, "training_sets", stop)
        with pytest.raises(KeyboardInterrupt):
            distill(material, "repair", new=True)
    again = distill(material, "repair")
    assert not again.known
    assert again.card.digest == before.card.digest
    with Workplace(before.folder) as workplace:
        workplace.take_up("of other settings", new=False)
        kept = workplace.folder
    assert distill(material, "repair").known
    assert kept.is_dir(), "what was begun with other settings is theirs"
    shutil.rmtree(kept)


def test_another_of_the_same_name_is_refused_and_replaced_if_wanted(
    made: tuple[Material, Distilled], encoder: str
) -> None:
    material, before = made
    other = material.with_settings(settings_of(encoder, "seed=3", "share=0", "total=20"))
    with pytest.raises(
        InputError, match=r"another classifier of that name: `share` was 0\.5, `total` was 40, `seed`"
    ):
        distill(other, "repair")
    fewer = replace(material, parts=material.parts._replace(training=material.parts.training[:-1]))
    with pytest.raises(InputError, match="what people decided have changed since") as raised:
        distill(fewer, "repair")
    assert 'classifier = "repair"' in raised.value.remedy
    replaced = distill(other, "repair", new=True)
    assert (replaced.card.data.synthetic, replaced.card.data.human) == (0, 20)
    assert replaced.card.digest != before.card.digest
    written = SqlSyntheticStore(material.folder.engine, material.folder.study.id).everything()
    back = distill(material, "repair", new=True)
    assert back.card.digest == before.card.digest
    again = SqlSyntheticStore(material.folder.engine, material.folder.study.id).everything()
    assert again == written, "nothing was written again"


def test_sets_of_people_alone_are_of_the_size_of_the_set_and_left_out_where_nothing_can_be_learnt(
    tmp_path: Path, encoder: str
) -> None:
    material = material_of(tmp_path / "study", encoder, "total=20", "share=0.95")
    written = SyntheticSegment.model_construct(code_id="c_1", value="yes", text="x")
    other = written.model_copy(update={"value": "no"})
    numbers = numbers_of(material)
    made = training_sets.training_sets(material, numbers, writing.WrittenSet((written, other) * 9 + (other,)))
    assert numbers == (1, 19)
    assert [(one.system, len(one.set.items)) for one in made] == [
        *[("classifier", 20), ("human_same_size", 20), ("human_balanced", 20), ("human_all", 28)]
    ]
    balanced = made[2].set.items
    assert sum(one.targets["c_1"] for one in balanced) == 9 + sum(one.targets["c_1"] for one in balanced[:1])
    assert not [one for one in notes_on_sets(material, made) if "in place of written ones" in one]
    assert any("nothing can be learnt alone" in one for one in notes_on_sets(material, made))
    made = training_sets.training_sets(material, numbers, writing.WrittenSet((written,) * 19))
    assert "human_balanced" not in [one.system for one in made], "so many were not answered yes"
    assert any("since they gave some answer too seldom" in one for one in notes_on_sets(material, made))
    few = material.with_settings(settings_of(encoder, "total=1", "share=0"))
    with pytest.raises(InputError, match="no segment of the training set of 1"):
        numbers_of(few)


@pytest.mark.parametrize("exclusive", [False, True])
def test_several_codes_are_learnt_together(tmp_path: Path, encoder: str, exclusive: bool) -> None:
    material = material_of(
        tmp_path / "study", encoder, codes=(REPAIR, BUYING), exclusive=exclusive, people=("ana",)
    )
    distilled = distill(material, "both")
    assert distilled.card.head == ("one_of_k" if exclusive else "multi_label")
    classifier, *others = distilled.evaluation.systems
    assert [one.label for one in classifier.codes] == ["repair", "buying"]
    assert "people" not in [one.system for one in others], "one person has nobody to agree with"
    assert classifier.asked == len(material.parts.held_out) * (1 if exclusive else 2)


class Watched(Embedder):
    """Remembers what was embedded."""

    name = "scripted:hashing"

    def __init__(self, seen: list[str]) -> None:
        self._inner, self._seen = HashingEmbedder(), seen

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self._seen += texts
        return await self._inner.embed(texts)


class Recorder:
    """Everything that reaches the synthesizer, the filter, training, and the choices on the development part."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: dict[str, list[str]] = {}
        self._phase = ""
        embedded = self.seen.setdefault("embedded", [])
        monkeypatch.setattr(asking, "embedder", lambda *_, **__: Watched(embedded))
        for name in ("synthesize", "consistent"):
            monkeypatch.setattr(writing, name, self._during(name, getattr(writing, name)))
        from intercoder.agents import asking as agents_asking

        call = agents_asking.call

        async def heard(model: Any, conversation: Any, **options: Any) -> Any:
            if self._phase:
                self.seen.setdefault(f"{self._phase} asks", []).append(json.dumps(conversation))
            return await call(model, conversation, **options)

        monkeypatch.setattr(agents_asking, "call", heard)
        for room, name in ((training_sets, "train_classifier"), (cascading, "choose_bound")):
            monkeypatch.setattr(room, name, self._noted(name, getattr(room, name)))
        logistic = measuring.logistic

        def learnt(training: Any, *rest: Any, **options: Any) -> Any:
            self.seen.setdefault("regression", []).append(repr(training))
            return logistic(training, *rest, **options)

        monkeypatch.setattr(measuring, "logistic", learnt)

    def _during(self, phase: str, work: Any) -> Any:
        async def worked(*given: Any, **options: Any) -> Any:
            self._phase = phase
            told = [*given, *(options[name] for name in sorted(options) if name in ("examples", "human", "book"))]
            self.seen.setdefault(phase, []).append(repr(told))
            try:
                return await work(*given, **options)
            finally:
                self._phase = ""

        return worked

    def _noted(self, phase: str, work: Any) -> Any:
        def worked(*given: Any, **options: Any) -> Any:
            told = [*given, *(value for name, value in options.items() if name not in ("codes", "told", "listen"))]
            told.append(options["told"].model_copy(update={"book": None}) if "told" in options else None)
            self.seen.setdefault(phase, []).append(repr(told))
            return work(*given, **options)

        return worked


@pytest.fixture
def quoting(tmp_path: Path, encoder: str) -> Iterator[Material]:
    """A codebook whose examples quote segments of every part."""
    plain = material_of(tmp_path / "study", encoder, "filter=2")
    quoted = [part[0].segment for part in plain.parts.each]
    examples = tuple(CodeExample(text=one.text, segment_id=one.id) for one in quoted)
    book = make_book(plain.folder, (REPAIR.model_copy(update={"examples": examples, "revision": 2}),))
    code_all(plain.folder, book, "ana")
    yield prepare(plain.folder, ["repair"], plain.settings)


def test_nothing_held_out_reaches_whoever_writes_filters_learns_or_chooses(
    quoting: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(monkeypatch)
    books: list[str] = []
    coder_of = distilling.coder_of

    def seen_book(folder: Any, book: Any, settings: Any, **options: Any) -> Any:
        books.append(repr(book))
        return coder_of(folder, book, settings, **options)

    monkeypatch.setattr(distilling, "coder_of", seen_book)
    distill(quoting, "repair")
    apart = [one.segment.text for one in (*quoting.parts.development, *quoting.parts.held_out)]
    assert books
    assert not [text for text in apart if any(text in book for book in books)], "nor the language model, as a quote"
    seen = {name: "\n".join(told) for name, told in recorder.seen.items()}
    assert set(seen) == {
        *("embedded", "synthesize", "synthesize asks", "consistent", "consistent asks"),
        *("train_classifier", "choose_bound", "regression"),
    }
    parts = quoting.parts
    for name, told in seen.items():
        for one in parts.held_out:
            assert one.segment.text not in told, name
            assert one.segment.id not in told, name
            assert one.segment.document_id not in told, name
        if name not in ("train_classifier", "choose_bound"):
            assert not [one for one in parts.development if one.segment.text in told], name
    for name in ("synthesize", "embedded", "train_classifier", "regression"):
        assert any(one.segment.text in seen[name] for one in parts.training), "it would have been noticed"
    assert all(one.segment.text in seen["train_classifier"] for one in parts.development)
    assert str(len(parts.development)) != str(len(parts.held_out))


def test_a_classifier_is_the_same_whatever_is_held_out(tmp_path: Path, encoder: str) -> None:
    """Texts, ids and decisions of the held-out part are exchanged: weights, texts and bound stay as they are."""
    made: list[tuple[bytes, Any, Any]] = []
    for garbled in (False, True):
        material = material_of(tmp_path / f"study{garbled}", encoder, "split_seed=2", "filter=1")
        if garbled:
            other = [
                item(f"Quite another text {n}", {"c_1": not one.targets.get("c_1")})
                for n, one in enumerate(material.parts.held_out)
            ]
            material = replace(material, parts=material.parts._replace(held_out=tuple(other)))
        distilled = distill(material, "repair")
        store = SqlSyntheticStore(material.folder.engine, material.folder.study.id)
        written = [one.model_dump(exclude={"provenance"}) for one in store.everything()]
        weights = (distilled.folder / "model.safetensors").read_bytes()
        card = distilled.card.model_dump(exclude={"seconds"})
        made.append((weights, written, card))
    for one, other in zip(*made, strict=True):
        assert one == other
