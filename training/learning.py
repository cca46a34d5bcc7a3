"""The training itself: PEFT's adapter, transformers' loop, and an end where going on makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

from intercoder.core.errors import ModelError, SettingsError
from intercoder.core.shown import counted
from intercoder.training.batches import collate
from intercoder.training.checkpoints import Checkpoint, Workplace, going_on
from intercoder.training.examples import Example
from intercoder.training.settings import LoraSettings

if TYPE_CHECKING:
    import torch
    from transformers import Trainer

Event: TypeAlias = dict[str, Any]
"""`kind`: `begin`, `note`, `step` or `measured`; the rest is what there is to show."""
Listener: TypeAlias = Callable[[Event], None]

CHECKPOINTS = 10
"""How many a training makes where the settings do not say."""


class OutOfMemory(ModelError):
    """Memory did not suffice for a batch. What was learnt until the last checkpoint is kept."""

    exit_code = 1


class NotFinite(ModelError):
    """The loss or its slope is no number any more. What was learnt until the last checkpoint is kept."""

    exit_code = 1


def total_steps(texts: int, settings: LoraSettings) -> int:
    """Steps of a training on so many texts."""
    return settings.max_steps or ceil(settings.epochs * ceil(texts / settings.texts_a_step))


def adapted(model: Any, settings: LoraSettings, where: str) -> Any:
    """The model (transformers) with a new adapter on it, whose numbers alone can be learnt (PEFT).

    Raises:
        SettingsError: The model has no layers of that name.
    """
    from peft import LoraConfig, get_peft_model
    from transformers import set_seed

    layers = {name.rpartition(".")[2] for name, module in model.named_modules() if hasattr(module, "weight")}
    if missing := [name for name in settings.targets if name not in layers]:
        raise SettingsError(
            f"the model has no layers named {', '.join(missing)}.",
            where=f"targets, {where}",
            remedy=f"Its layers are: {', '.join(sorted(layers))}.",
        )
    set_seed(settings.seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(settings.targets),
        bias="none",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


class Learning:
    """One training of one adapter.

    Args:
        model: From `adapted`.
        training: Texts to learn from.
        held_out: Texts to measure on; may be none.
        settings: How.
        workplace: Where checkpoints go.
        listen: Told of every step and measurement.
    """

    def __init__(
        self,
        model: Any,
        training: Sequence[Example],
        held_out: Sequence[Example],
        settings: LoraSettings,
        workplace: Workplace,
        listen: Listener,
    ) -> None:
        self._settings = settings
        self._workplace = workplace
        self.total = total_steps(len(training), settings)
        self._trainer = _trainer(model, training, held_out, settings, workplace, self.total, listen)

    def measure(self) -> float:
        """Held-out loss of a code's token in nats: its mean in each text, and the mean over texts.

        Raises:
            OutOfMemory: A batch does not fit into memory.
        """
        with Failing(self._settings, self._workplace, texts=1):
            return float(self._trainer.evaluate()["eval_loss"])

    def run(self, after: Checkpoint | None) -> None:
        """Learn to the end, from the beginning or from where a checkpoint left off.

        Interrupted and gone on with, the weights are the same as without, on the same processor.

        Raises:
            OutOfMemory: A batch does not fit into memory.
            NotFinite: Learning went astray.
        """
        from transformers import set_seed

        set_seed(self._settings.seed)
        with Failing(self._settings, self._workplace, texts=self._settings.batch_size):
            self._trainer.train(resume_from_checkpoint=str(after.folder) if after else None)


class Failing:
    """Turns what torch raises into errors that say how to go on.

    Args:
        settings: How is learnt.
        workplace: Where checkpoints are.
        texts: How many are in memory at a time.
    """

    def __init__(self, settings: LoraSettings, workplace: Workplace, *, texts: int) -> None:
        self._settings, self._workplace, self._texts = settings, workplace, texts

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, _Astray):
            raise self._not_finite(error) from error
        if error is not None and of_memory(error):
            raise self._out_of_memory() from error

    def _out_of_memory(self) -> OutOfMemory:
        settings, last = self._settings, self._workplace.last()
        if self._texts > 1:
            size = max(one for one in range(1, settings.batch_size) if settings.texts_a_step % one == 0)
            smaller = f"--set batch_size={size} --set accumulation={settings.texts_a_step // size}"
            remedy = f"Run it again with `{smaller}`: it is the same training in smaller pieces"
        else:
            remedy = "Close other programs, or take a smaller base or `--set max_length` of fewer tokens"
        goes_on = f", and goes on after step {last.step}." if last and self._texts > 1 else "."
        return OutOfMemory(
            f"memory does not suffice for {counted(self._texts, 'text')} at a time.",
            where=str(self._workplace.folder),
            remedy=f"{remedy}{goes_on}",
        )

    def _not_finite(self, error: _Astray) -> NotFinite:
        last = self._workplace.last()
        kept = f" What was learnt until step {last.step} is a usable adapter: {last.folder}" if last else ""
        lower = f"{self._settings.learning_rate / 2:g}"
        return NotFinite(
            f"the {error} is no number any more, so nothing more was learnt.",
            where=str(self._workplace.folder),
            remedy=f"Begin anew with `--new --set learning_rate={lower}`.{kept}",
        )


class _Astray(Exception):
    """What is not finite, and at which step."""


def of_memory(error: BaseException) -> bool:
    """Whether an error says that memory did not suffice."""
    if isinstance(error, RuntimeError):
        return any(words in str(error).lower() for words in ("out of memory", "allocate memory"))
    return isinstance(error, MemoryError)


def _trainer(
    model: Any,
    training: Sequence[Example],
    held_out: Sequence[Example],
    settings: LoraSettings,
    workplace: Workplace,
    total: int,
    listen: Listener,
) -> Trainer:
    import torch
    from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

    class Watched(Trainer):  # type: ignore[misc]
        """A loop that stops where the loss is no number."""

        def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
            loss: torch.Tensor = super().training_step(*args, **kwargs)
            if not isfinite(loss.item()):
                raise _Astray(f"loss of step {self.state.global_step + 1}")
            return loss

    class Told(TrainerCallback):  # type: ignore[misc]
        """Tells of losses, and looks at gradients before they are used."""

        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, *, model: Any, **_: Any) -> None:
            slopes = [one.grad for one in model.parameters() if one.grad is not None]
            if not all(bool(torch.isfinite(slope).all()) for slope in slopes):
                raise _Astray(f"gradient of step {state.global_step + 1}")

        def on_log(self, args: Any, state: Any, control: Any, *, logs: dict[str, float], **_: Any) -> None:
            if "loss" in logs:
                listen({"kind": "step", "done": state.global_step, "total": total, "loss": logs["loss"]})
            elif "eval_loss" in logs:
                if not isfinite(logs["eval_loss"]):  # nothing is saved then: what is measured is so before it
                    raise _Astray(f"held-out loss of step {state.global_step}")
                listen({"kind": "measured", "done": state.global_step, "total": total, "loss": logs["eval_loss"]})

    every = settings.checkpoint_every or max(1, ceil(total / CHECKPOINTS))
    measuring = bool(held_out)
    arguments = TrainingArguments(
        output_dir=str(workplace.folder),
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=1,  # so that what is measured does not depend on what fits into memory
        gradient_accumulation_steps=settings.accumulation,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        max_steps=total,
        **going_on(every, measuring=measuring),
        prediction_loss_only=True,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to="none",
        disable_tqdm=True,
        seed=settings.seed,
    )
    trainer = Watched(
        model=model,
        args=arguments,
        data_collator=partial(collate, dtype=model.dtype),
        train_dataset=list(training),
        eval_dataset=list(held_out) or None,
        callbacks=[Told()],
    )
    if measuring and settings.patience:
        trainer.add_callback(EarlyStoppingCallback(settings.patience))
    trainer.remove_callback(PrinterCallback)
    return trainer
