"""Training a LoRA coder on people's codes (seed 000, section 4.1 and appendix E)."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from intercoder.agents.coder import Coder
from intercoder.agents.means import Means
from intercoder.core.adapters import CARD, CONFIG, WEIGHTS, DataCard
from intercoder.core.agent_settings import CoderSettings
from intercoder.core.classifiers import text_key
from intercoder.core.errors import InputError, ModelError
from intercoder.core.identity import digest
from intercoder.core.record import Record
from intercoder.llms.embedded.loading import fastest_dtype, load_weights, load_words
from intercoder.llms.factory import weights_folder
from intercoder.llms.references import parse_reference
from intercoder.prompts.loader import Prompt, load
from intercoder.training.batches import branches_apart
from intercoder.training.card import Card, Losses, read_card, write_card
from intercoder.training.checkpoints import Checkpoint, Workplace
from intercoder.training.examples import Asked, Example, codes, make_examples
from intercoder.training.learning import Failing, Learning, Listener, adapted, of_memory, total_steps
from intercoder.training.pairs import Dropped, Pairs
from intercoder.training.settings import LoraSettings

_VERSIONS = ("intercoder", "torch", "transformers", "peft")


class Trained(Record):
    """An adapter that is there."""

    adapter: Path
    """Its folder, which follows the `#` of a reference."""
    card: Card
    dropped: tuple[Dropped, ...] = ()
    """Pairs that nothing was learnt from."""
    known: bool = False
    """Whether it was there already: trained on the same, in the same way."""


class _Material(NamedTuple):
    """What is learnt, as tokens."""

    training: Sequence[Example]
    held_out: Sequence[Example]
    dropped: tuple[Dropped, ...]
    prompt: Prompt


def train(
    pairs: Pairs,
    settings: LoraSettings,
    *,
    coder: CoderSettings,
    means: Means,
    out: Path,
    max_codes: int = 1,
    new: bool = False,
    listen: Listener = lambda event: None,
) -> Trained:
    """Train an adapter that labels as people did; gone on with where an earlier call was stopped.

    Args:
        pairs: What people coded.
        settings: How it is learnt.
        coder: The coder that is to be: its model (the base, without an adapter), prompt, examples and ending.
        means: What it is asked with: the question, the secret of the fence, the study's prompts, privacy.
        out: Folder of the adapter. It appears when all is done.
        max_codes: Most codes an answer may hold.
        new: Train anew, whatever an earlier training of that name left.
        listen: Told how it goes.

    Raises:
        InputError: Nothing can be learnt from these pairs, or another adapter or training of that name is there.
        ModelError: The base cannot be trained here, memory does not suffice, or learning went astray.
        SettingsError: There is no such prompt, or the base lacks the layers that are to be adapted.
    """
    _check_packages(coder.model)
    base = weights_folder(coder.model, means.privacy)
    material = _material(pairs, settings, coder, means, max_codes, base)
    key = _key(material, settings, coder.model, base)
    with Workplace(out) as workplace:
        if known := _there_already(out, key, new=new, begun=workplace.begun(key)):
            return Trained(adapter=out, card=known, dropped=material.dropped, known=True)
        job = workplace.take_up(key, new=new)
        started = time.monotonic()
        model = load_weights(base, _dtype(settings))
        with Failing(settings, workplace, texts=1):
            _check_kind(model, material.training[0], settings, coder.model)
        model = adapted(model, settings, coder.model)
        learning = Learning(model, material.training, material.held_out, settings, workplace, listen)
        last = workplace.last()
        listen(_begin(out, material, learning.total, last))
        if material.held_out and job.before is None:
            job = job.model_copy(update={"before": learning.measure()})
            workplace.keep(job)
        if last is None or not last.ended:
            learning.run(last)
            last = workplace.last()
        assert last is not None, "the loop saves a checkpoint when it ends"
        card = _card(out, pairs, settings, coder, means, max_codes, material, last).model_copy(
            update={
                "key": key,
                "losses": _losses(job.before, last),
                "trainable": sum(one.numel() for one in model.parameters() if one.requires_grad),
                "seconds": time.monotonic() - started,
            }
        )
        _publish(workplace.at(card.kept_step), out, card)
        workplace.remove()
    return Trained(adapter=out, card=card, dropped=material.dropped)


def _check_packages(where: str) -> None:
    missing = [name for name in ("torch", "transformers", "peft", "accelerate") if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"Training needs packages that are not installed: {', '.join(missing)}.",
            where=where,
            remedy="Run: pip install 'intercoder[train]'",
        )
    if parse_reference(where).adapter:
        raise ModelError(
            "The base of an adapter is a model without one.",
            where=where,
            remedy="Name the model alone; to build on an adapter, merge it first with `intercoder train merge`.",
        )


def _material(
    pairs: Pairs, settings: LoraSettings, coder: CoderSettings, means: Means, max_codes: int, base: Path
) -> _Material:
    """The examples of both parts.

    Raises:
        InputError: There is none to learn from.
    """
    _, encoder = load_words(base)
    prompt = load("coder", coder.prompt, shots=coder.shots, ending=coder.ending, folder=means.prompts)
    asker = Coder(coder, means, max_codes=max_codes)
    asked = Asked(encoder, lambda pair: asker.question_about(pair.segment).messages, settings.max_length)
    split = pairs.split(settings.held_out, settings.seed)
    training, too_long = make_examples(split.training, asked)
    held_out, also_too_long = make_examples(split.held_out, asked)
    dropped = (*pairs.dropped, *too_long, *also_too_long)
    if not training:
        raise InputError(
            f"there is nothing to learn from: {len(dropped)} pairs were dropped.",
            where=pairs.source,
            remedy=f"The first: {dropped[0].place}, {dropped[0].fault}, {dropped[0].detail}." if dropped else "",
        )
    return _Material(training, held_out, dropped, prompt)


def _key(material: _Material, settings: LoraSettings, reference: str, base: Path) -> str:
    """Hash of all that determines the weights. How many examples are in memory at once does not."""
    told = settings.model_dump(mode="json", exclude={"batch_size", "accumulation"})
    files = sorted((file.name, file.stat().st_size) for file in base.glob("*.safetensors"))
    config = (base / "config.json").read_text("utf-8", "replace")
    return digest(material.training, material.held_out, told, settings.texts_a_step, reference, files, config)


def _there_already(out: Path, key: str, *, new: bool, begun: bool) -> Card | None:
    """The card of an adapter that was trained on the same in the same way; None where there is something to do.

    Args:
        out: Where it would be.
        key: Of the training.
        new: Whether any adapter that is there is to be replaced.
        begun: Whether this training was begun already, to replace what is there.

    Raises:
        InputError: There is something else of that name.
    """
    if not out.exists():
        return None
    if not (out / CARD).is_file():
        raise InputError(
            "there is something of that name already.", where=str(out), remedy="Choose another `--name`."
        )
    if new:
        return None
    card = read_card(out)
    if card is not None and card.key == key:
        return card
    if begun:
        return None
    raise InputError(
        "there is another adapter of that name.",
        where=str(out),
        remedy="Choose another `--name`, or train it anew with `--new`.",
    )


def _check_kind(model: Any, example: Example, settings: LoraSettings, where: str) -> None:
    model.eval()
    try:
        fits = branches_apart(model, example, _dtype(settings))
    except (TypeError, ValueError, RuntimeError, AttributeError) as error:
        if of_memory(error):
            raise
        fits = False
    if not fits:
        kind = getattr(model.config, "model_type", "unknown")
        raise ModelError(
            f"Models of this kind ({kind}) cannot be trained here.",
            where=where,
            remedy="Choose a transformer with plain attention, such as those of the Llama and Qwen families.",
        )


def _dtype(settings: LoraSettings) -> str:
    return fastest_dtype() if settings.dtype == "auto" else settings.dtype


def _begin(out: Path, material: _Material, total: int, last: Checkpoint | None) -> dict[str, object]:
    return {
        "kind": "begin",
        "name": out.name,
        "total": total,
        "done": last.step if last else 0,
        "training": codes(material.training),
        "held_out": codes(material.held_out),
    }


def _card(
    out: Path,
    pairs: Pairs,
    settings: LoraSettings,
    coder: CoderSettings,
    means: Means,
    max_codes: int,
    material: _Material,
    last: Checkpoint,
) -> Card:
    learnt = pairs.split(settings.held_out, settings.seed).training
    data = DataCard(
        source=Path(pairs.source).name,
        digest=pairs.digest,
        pairs=len(pairs.pairs),
        documents=len(pairs.documents),
        dropped=dict(Counter(one.fault for one in material.dropped)),
        training=codes(material.training),
        held_out=codes(material.held_out),
        learnt_documents=tuple(dict.fromkeys(pair.segment.document_id for pair in learnt)),
        learnt_texts=tuple(dict.fromkeys(text_key(pair.segment.text) for pair in learnt)),
    )
    return Card(
        name=out.name,
        base=coder.model,
        prompt=coder.prompt,
        prompt_hash=material.prompt.hash,
        shots=coder.shots,
        ending=coder.ending,
        question=means.question,
        max_codes=max_codes,
        data=data,
        settings=settings,
        key="",
        steps=last.step,
        kept_step=last.best_step or last.step,
        stopped="early" if last.step < total_steps(len(material.training), settings) else "end",
        losses=Losses(),
        trainable=0,
        dtype=_dtype(settings),
        seconds=0,
        versions={name: version(name) for name in _VERSIONS},
    )


def _losses(before: float | None, last: Checkpoint) -> Losses:
    steps = [told["loss"] for told in last.history if "loss" in told]
    held_out = [told["eval_loss"] for told in last.history if "eval_loss" in told]
    return Losses(
        held_out_before=before,
        held_out_after=min(held_out, default=None),
        first_step=steps[0],
        last_step=steps[-1],
    )


def _publish(checkpoint: Path, out: Path, card: Card) -> None:
    """Give the adapter its place, whole and at once."""
    new, old = out.with_name(f".{out.name}.new"), out.with_name(f".{out.name}.old")
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir(parents=True)
    shutil.copyfile(checkpoint / WEIGHTS, new / WEIGHTS)
    config = json.loads((checkpoint / CONFIG).read_text("utf-8"))
    config["base_model_name_or_path"] = parse_reference(card.base).name
    (new / CONFIG).write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    write_card(card, new)
    if out.exists():
        out.replace(old)
    new.replace(out)
    shutil.rmtree(old, ignore_errors=True)
