from collections import Counter

from intercoder.llms.classifiers.windows import Windows
from intercoder.training.distillation.classifier_settings import ClassifierSettings
from intercoder.training.distillation.steps import order, total_steps

TEXTS = [Windows(((0,) * (1 + place * 7 % 40),), True) for place in range(40)]


def settings(**values: object) -> ClassifierSettings:
    return ClassifierSettings.model_validate({"batch_size": 2, "accumulation": 2, **values})


def test_every_text_is_learnt_as_often_as_there_are_epochs() -> None:
    steps = total_steps(40, settings(epochs=3))
    assert steps == 30
    assert Counter(order(TEXTS, steps, settings())) == dict.fromkeys(range(40), 3)
    assert total_steps(40, settings(epochs=0.5)) == 5
    assert total_steps(40, settings(max_steps=7)) == 7
    assert len(order(TEXTS, 7, settings())) == 28


def test_texts_of_a_step_are_of_like_length_and_steps_are_shuffled() -> None:
    sizes = [TEXTS[place].size for place in order(TEXTS, 80, settings())]
    cut = [sizes[at : at + 4] for at in range(0, len(sizes), 4)]
    spread = sum(max(step) - min(step) for step in cut) / len(cut)
    assert spread < 8
    longest = [max(step) for step in cut]
    assert longest[:8] != sorted(longest[:8])


def test_the_order_is_the_seeds() -> None:
    first, again, other = (order(TEXTS, 20, settings(seed=seed)) for seed in (0, 0, 1))
    assert first == again != other
    assert first[:40] != first[40:]
