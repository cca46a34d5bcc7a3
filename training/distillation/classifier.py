"""Training a classifier on people's codes and written segments (seed 001)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from intercoder.core.classifiers import ClassifierCard, Head, TrainedOn
from intercoder.core.codebook import Code
from intercoder.core.codebooks.codebook_diff import shown_of
from intercoder.core.errors import ModelError
from intercoder.core.identity import digest
from intercoder.core.study import Privacy
from intercoder.llms import torch_environment
from intercoder.llms.classifiers.classifiers import as_it_runs, logits_of, share_longer
from intercoder.llms.classifiers.encoders import (
    load_encoder,
    most_tokens,
    save_encoder,
    vectors_of,
    weights_digest,
    with_head,
)
from intercoder.llms.classifiers.windows import Reader
from intercoder.llms.factory import encoder_folder
from intercoder.training.checkpoints import Checkpoint, Workplace
from intercoder.training.distillation.classifier_folder import fresh, publish, there_already
from intercoder.training.distillation.classifier_settings import ClassifierSettings
from intercoder.training.distillation.head_start import first_head, put_on
from intercoder.training.distillation.heads import TextItem, check_targets, targets_of, weights_of
from intercoder.training.distillation.learning import Learning, Part
from intercoder.training.distillation.scaling import Scaling, fit_scaling
from intercoder.training.learning import Listener

_VERSIONS = ("intercoder", "torch", "transformers")
PROCEDURE = 2
"""Counts ways of training: what was trained in another way is trained anew."""


class _Wanted(NamedTuple):
    """What a training is asked for."""

    training: Sequence[TextItem]
    development: Sequence[TextItem]
    head: Head
    codes: tuple[str, ...]
    settings: ClassifierSettings
    encoder: str
    folder: Path
    """Where the encoder's weights lie."""
    out: Path
    told: TrainedOn

    @property
    def key(self) -> str:
        """Hash of all that determines the classifier. How many segments are in memory at once does not."""
        items: list[Any] = [
            [(one.text, dict(one.targets)) for one in part] for part in (self.training, self.development)
        ]
        items += [weights] if (weights := weights_of(self.development)) else []
        told = self.settings.model_dump(mode="json", exclude={"batch_size", "accumulation"})
        files = weights_digest(self.folder)
        made = (PROCEDURE, items, self.head, self.codes, told, self.settings.texts_a_step, self.encoder, files)
        # Groups follow from the documents that were learnt; what was written is among the texts, whoever served it.
        told_of = self.told.model_dump(mode="json", exclude={"book", "learnt_groups", "synthesizer"})
        shown = [shown_of(self.told.book, code) for code in self.told.book.codes if code.id in self.codes]
        return digest(*made, told_of, shown)


class _Material(NamedTuple):
    """A model with all that it learns from."""

    model: Any
    tokenizer: Any
    reader: Reader
    max_length: int
    training: Part
    development: Part


def train_classifier(
    training: Sequence[TextItem],
    development: Sequence[TextItem],
    *,
    head: Head,
    codes: Sequence[Code],
    settings: ClassifierSettings,
    encoder: str,
    out: Path,
    told: TrainedOn,
    privacy: Privacy | None = None,
    new: bool = False,
    listen: Listener = lambda event: None,
) -> ClassifierCard:
    """Train a classifier; gone on with where an earlier call was stopped, and left alone where it is there already.

    Args:
        training: What is learnt.
        development: What early stopping and scaling go by; empty for neither.
        head: What the classifier answers.
        codes: The codes in the order of its outputs; one for `yes_no`.
        settings: How it is learnt.
        encoder: Reference of the encoder: `embedded:minilm-l6` or `hf:/path/to/folder`.
        out: Folder of the classifier. It appears when all is done.
        told: What the card tells of the data.
        privacy: What may leave the machine; nothing by default.
        new: Train anew, whatever an earlier training of that name left.
        listen: Told how it goes: events `begin`, `step` and `measured`, as of `training.learning`.

    Raises:
        InputError: There is nothing to learn, or another classifier is there.
        ModelError: The encoder cannot be trained here, memory does not suffice, or learning went astray.
    """
    check_trainable(encoder)
    torch_environment.prepare()
    check_targets(targets_of(training, [code.id for code in codes]), head, codes, "the training part")
    folder = encoder_folder(encoder, privacy or Privacy())
    ids = tuple(code.id for code in codes)
    wanted = _Wanted(training, development, head, ids, settings, encoder, folder, out, told)
    with Workplace(out) as workplace:
        if known := there_already(out, wanted.key, new=new, begun=workplace.begun(wanted.key)):
            return known
        job = workplace.take_up(wanted.key, new=new)
        started = time.monotonic()
        last = workplace.last()
        material = _at_start(wanted) if last is None else _material(wanted)
        learning = Learning(
            material.model,
            material.reader,
            material.training,
            material.development,
            head,
            settings,
            workplace,
            listen,
        )
        listen(_begin(wanted, learning.total, last))
        if development and job.before is None:
            job = job.model_copy(update={"before": learning.measure()})
            workplace.keep(job)
        if last is None or not last.ended:
            learning.run(last)
            last = workplace.last()
        assert last is not None, "the loop saves a checkpoint when it ends"
        kept = _best_step(last, job.before)
        if kept:
            _load(material.model, workplace.at(kept))
        else:
            material = _at_start(wanted)
        save_encoder(material.model, material.tokenizer, fresh(out))
        as_it_runs(material.model)  # what is scaled is what will be said
        logits = logits_of(material.model, settings.pooling, material.reader, material.development.texts)
        scaling = fit_scaling(
            logits, material.development.targets, head, settings.scaling, material.development.weights
        )
        card = _card(wanted, material, scaling, last, job.before, learning.total)
        published = publish(card, out, time.monotonic() - started)
        workplace.remove()
    return published


def check_trainable(where: str) -> None:
    """Refuse to train without what it needs.

    Raises:
        ModelError: A package is not installed.
    """
    missing = [name for name in ("torch", "transformers", "accelerate") if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"Training needs packages that are not installed: {', '.join(missing)}.",
            where=where,
            remedy="Run: pip install 'intercoder[train]'",
        )


def _material(wanted: _Wanted) -> _Material:
    from transformers import set_seed

    settings = wanted.settings
    set_seed(settings.seed)
    encoder, tokenizer = load_encoder(wanted.folder)
    max_length = most_tokens(encoder, tokenizer, settings.max_length)
    reader = Reader(tokenizer, max_length, settings.overlap if settings.windows else -1)

    def part(items: Sequence[TextItem]) -> Part:
        return Part(reader.read([one.text for one in items]), targets_of(items, wanted.codes), weights_of(items))

    model = with_head(encoder, settings.pooling, len(wanted.codes))
    return _Material(model, tokenizer, reader, max_length, part(wanted.training), part(wanted.development))


def _at_start(wanted: _Wanted) -> _Material:
    """A model as it is before the first step."""
    material = _material(wanted)
    if wanted.settings.start == "regression":
        _begin_head(material, wanted)
    return material


def _best_step(last: Checkpoint, before: float | None) -> int:
    """The step whose weights lose least on the development part, 0 for those it began with; else the last."""
    measured = [told["eval_loss"] for told in last.history if "eval_loss" in told]
    if before is not None and before < min(measured, default=before):
        return 0
    return last.best_step or last.step


def _begin_head(material: _Material, wanted: _Wanted) -> None:
    material.model.eval()
    vectors = vectors_of(
        material.model.encoder, wanted.settings.pooling, material.training.texts, material.reader.padding
    )
    balanced = wanted.settings.class_weights == "balanced"
    put_on(material.model, first_head(vectors, material.training.targets, wanted.head, balanced=balanced))


def _begin(wanted: _Wanted, total: int, last: Checkpoint | None) -> dict[str, object]:
    return {
        "kind": "begin",
        "name": wanted.out.name,
        "total": total,
        "done": last.step if last else 0,
        "training": len(wanted.training),
        "held_out": len(wanted.development),
    }


def _load(model: Any, checkpoint: Path) -> None:
    from safetensors.torch import load_file

    model.load_state_dict(load_file(checkpoint / "model.safetensors"))


def _card(
    wanted: _Wanted, material: _Material, scaling: Scaling, last: Checkpoint, before: float | None, total: int
) -> ClassifierCard:
    steps = [told["loss"] for told in last.history if "loss" in told]
    measured = [told["eval_loss"] for told in last.history if "eval_loss" in told]
    losses = {"first": steps[0], "last": steps[-1]}
    if before is not None:
        losses |= {"before": before, "after": min(before, *measured)}
    if scaling.decisions:
        losses |= {"unscaled": scaling.before, "scaled": scaling.after}
    return ClassifierCard(
        name=wanted.out.name,
        head=wanted.head,
        codes=wanted.codes,
        encoder=wanted.encoder,
        pooling=wanted.settings.pooling,
        max_length=material.max_length,
        overlap=wanted.settings.overlap if wanted.settings.windows else -1,
        truncated=share_longer([*material.training.texts, *material.development.texts]),
        temperature=scaling.temperature,
        shifts=scaling.shifts,
        scaled_on=scaling.decisions,
        digest="",
        data=wanted.told,
        settings=wanted.settings.model_dump(mode="json"),
        key=wanted.key,
        steps=last.step,
        kept_step=_best_step(last, before),
        stopped="early" if last.step < total else "end",
        losses=losses,
        versions={name: version(name) for name in _VERSIONS},
    )
