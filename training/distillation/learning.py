"""The training of a classifier itself: transformers' loop over texts, measured on the development part."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from intercoder.core.classifiers import Head
from intercoder.core.shown import counted
from intercoder.llms.classifiers.class_probabilities import Numbers
from intercoder.llms.classifiers.classifiers import logits_of
from intercoder.llms.classifiers.windows import Reader, Windows
from intercoder.llms.embedded.loading import fastest_dtype
from intercoder.training.checkpoints import Checkpoint, Workplace, going_on
from intercoder.training.distillation.classifier_settings import LEAST_LENGTH, ClassifierSettings
from intercoder.training.distillation.heads import Targets, class_weights, loss_of, weight_of
from intercoder.training.distillation.scaling import fit_scaling
from intercoder.training.distillation.steps import order, total_steps
from intercoder.training.learning import Listener, NotFinite, OutOfMemory, of_memory

if TYPE_CHECKING:
    import torch
    from transformers import Trainer

LEAST_BETWEEN = 3
"""Steps between checkpoints at least, where the settings do not say: each writes the whole encoder."""


class Part(NamedTuple):
    """Texts with what was decided about them."""

    texts: Sequence[Windows]
    targets: Targets
    weights: Sequence[float] | None = None
    """What each counts where it is measured on; None where all count alike."""


class Learning:
    """One training.

    Args:
        model: Encoder and head, as `llms.classifiers.encoders.with_head` makes it.
        reader: What texts were cut with.
        training: What is learnt.
        development: What is measured on; empty for nothing.
        head: What is answered.
        settings: How it is learnt.
        workplace: Where checkpoints are.
        listen: Told how it goes.
    """

    def __init__(
        self,
        model: Any,
        reader: Reader,
        training: Part,
        development: Part,
        head: Head,
        settings: ClassifierSettings,
        workplace: Workplace,
        listen: Listener,
    ) -> None:
        import torch

        self.total = total_steps(len(training.texts), settings)
        self._model, self._reader, self._head = model, reader, head
        self._development, self._settings, self._workplace = development, settings, workplace
        balanced = class_weights(training.targets, head, settings.most_weight)
        weights = torch.tensor(balanced if settings.class_weights == "balanced" else balanced**0)
        self._weights = weights.float()
        self._trainer = self._made(training, listen)

    def measure(self) -> float:
        """Mean negative log-likelihood of the development part in nats, scaled as the classifier will be.

        So a model that is too sure of itself is not held back for it: scaling mends that.
        """
        part = self._development
        return fit_scaling(
            self.logits(part.texts), part.targets, self._head, self._settings.scaling, part.weights
        ).after

    def logits(self, texts: Sequence[Windows]) -> Numbers:
        """What the model says now. Shape (texts, codes)."""
        learning = self._model.training
        self._model.eval()
        found = logits_of(self._model, self._settings.pooling, self._reader, texts)
        self._model.train(learning)
        return found

    def run(self, after: Checkpoint | None) -> None:
        """Learn to the end, from the beginning or from where a checkpoint left off.

        Interrupted and gone on with, the weights are the same as without, on the same processor.

        Raises:
            OutOfMemory: A batch does not fit into memory.
            NotFinite: Learning went astray.
        """
        from transformers import set_seed

        set_seed(self._settings.seed)
        try:
            self._trainer.train(resume_from_checkpoint=str(after.folder) if after else None)
        except _Astray as error:
            raise self._not_finite(error) from error
        except (MemoryError, RuntimeError) as error:
            if of_memory(error):
                raise self._out_of_memory() from error
            raise

    def _out_of_memory(self) -> OutOfMemory:
        settings = self._settings
        size = max((one for one in range(1, settings.batch_size) if settings.texts_a_step % one == 0), default=0)
        times = settings.texts_a_step // (size or 1)
        smaller = f"--set classifier.batch_size={size} --set classifier.accumulation={times}"
        return OutOfMemory(
            f"memory does not suffice for {counted(settings.batch_size, 'segment')} at a time.",
            where=str(self._workplace.folder),
            remedy=f"Run it again with `{smaller}`." if size else f"Take a smaller encoder{self._shorter()}.",
        )

    def _shorter(self) -> str:
        """A way to read less of a segment at once; nothing where that is as little as there can be."""
        if self._settings.windows:
            return ", or `--set classifier.windows=false` with `--new`"
        half = self._settings.max_length // 2
        return f", or `--set classifier.max_length={half}` with `--new`" if half >= LEAST_LENGTH else ""

    def _not_finite(self, error: _Astray) -> NotFinite:
        return NotFinite(
            f"the {error} is no number any more, so nothing more was learnt.",
            where=str(self._workplace.folder),
            remedy=f"Begin anew with `--new --set classifier.learning_rate={self._settings.learning_rate / 2:g}`.",
        )

    def _made(self, training: Part, listen: Listener) -> Trainer:
        import torch
        from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback

        learning, total = self, self.total
        short = (fastest_dtype() if self._settings.dtype == "auto" else self._settings.dtype) == "bfloat16"

        class Watched(Trainer):  # type: ignore[misc]
            """A loop that weighs answers, measures as the classifier will run, and stops without a number."""

            def compute_loss(
                self, model: Any, inputs: dict[str, torch.Tensor], *args: Any, **options: Any
            ) -> torch.Tensor:
                targets = inputs.pop("targets")
                with torch.autocast(targets.device.type, dtype=torch.bfloat16, enabled=short):
                    logits = model(**inputs)
                # The loop divides by the number of batches to a step.
                whole = of_steps[self.state.global_step] / learning._settings.accumulation
                weights = learning._weights.to(targets.device)
                return loss_of(logits.float(), targets, learning._head, weights, whole.to(targets.device))

            def _get_train_sampler(self, *args: Any) -> Any:
                return torch.utils.data.SequentialSampler(self.train_dataset)

            def training_step(self, *args: Any, **options: Any) -> torch.Tensor:
                loss: torch.Tensor = super().training_step(*args, **options)
                if not isfinite(loss.item()):
                    raise _Astray(f"loss of step {self.state.global_step + 1}")
                return loss

            def evaluate(self, *args: Any, **options: Any) -> dict[str, float]:
                measured = {"eval_loss": learning.measure()}
                if not isfinite(measured["eval_loss"]):
                    raise _Astray(f"loss of the development part at step {self.state.global_step}")
                self.log(dict(measured))
                control = self.callback_handler.on_evaluate(self.args, self.state, self.control, measured)
                self.control: Any = control
                return measured

        class Told(TrainerCallback):  # type: ignore[misc]
            """Tells of losses."""

            def on_log(self, args: Any, state: Any, control: Any, *, logs: dict[str, float], **_: Any) -> None:
                for name, kind in (("loss", "step"), ("eval_loss", "measured")):
                    if name in logs:
                        listen({"kind": kind, "done": state.global_step, "total": total, "loss": logs[name]})

        measuring, places = bool(self._development.texts), order(training.texts, total, self._settings)
        of_steps = self._step_weights(training.targets, places)
        trainer = Watched(
            model=self._model,
            args=_arguments(self._settings, self._workplace, total, len(training.texts), measuring=measuring),
            data_collator=self._collate,
            train_dataset=[(training.texts[place], training.targets[place]) for place in places],
            eval_dataset=list(self._development.texts) or None,
            optimizers=(_optimizer(self._model, self._settings), None),
            callbacks=[Told()],
        )
        if measuring and self._settings.patience:
            trainer.add_callback(EarlyStoppingCallback(self._settings.patience))
        trainer.remove_callback(PrinterCallback)
        return trainer

    def _step_weights(self, targets: Targets, places: Sequence[int]) -> list[torch.Tensor]:
        """What the answers of each step count together, however many segments are in memory at once."""
        import torch

        size = self._settings.texts_a_step
        steps = (places[at : at + size] for at in range(0, len(places), size))
        return [weight_of(torch.tensor(targets[step]).float(), self._head, self._weights) for step in steps]

    def _collate(self, items: Sequence[tuple[Windows, Any]]) -> dict[str, torch.Tensor]:
        import torch

        targets = torch.tensor([list(one) for _, one in items], dtype=torch.float32)
        return self._reader.batch([text for text, _ in items]) | {"targets": targets}


class _Astray(Exception):
    """What is not finite, and at which step."""


def _optimizer(model: Any, settings: ClassifierSettings) -> Any:
    """AdamW with a rate of its own for the head; biases and norms do not decay."""
    import torch

    learnt = [(name, one) for name, one in model.encoder.named_parameters() if one.requires_grad]
    plain = [one for _, one in learnt if one.ndim < 2]
    decaying = [one for _, one in learnt if one.ndim >= 2]
    groups = [
        {"params": decaying, "lr": settings.learning_rate, "weight_decay": settings.weight_decay},
        {"params": plain, "lr": settings.learning_rate, "weight_decay": 0.0},
        {"params": list(model.head.parameters()), "lr": settings.head_learning_rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, fused=True)


def _arguments(
    settings: ClassifierSettings, workplace: Workplace, total: int, texts: int, *, measuring: bool
) -> Any:
    import torch
    from transformers import TrainingArguments

    every = settings.checkpoint_every or min(total, max(LEAST_BETWEEN, ceil(texts / settings.texts_a_step)))
    return TrainingArguments(
        output_dir=str(workplace.folder),
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulation,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        max_grad_norm=settings.max_grad_norm,
        max_steps=total,
        **going_on(every, measuring=measuring),
        remove_unused_columns=False,
        label_names=["targets"],
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to="none",
        disable_tqdm=True,
        seed=settings.seed,
    )
