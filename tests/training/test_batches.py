"""A batch is a tree of tokens, and a model computes on it what it would on each example."""

from pathlib import Path

import pytest

from intercoder.llms.embedded.loading import load_weights
from intercoder.training.batches import TokenTree, branches_apart, collate
from intercoder.training.examples import Answer, Example
from tests.training.adapting import make_base

torch = pytest.importorskip("torch")
EXAMPLES = (
    Example(tuple(range(5, 40)), (Answer((1, 2, 3, 4, 5), (1, 3, 4)), Answer((1, 2, 3, 9), (1, 3)))),
    Example((*range(5, 30), 3), (Answer((1, 2, 7), (0, 2)), Answer((1, 2, 7), (2,)))),
)


def test_what_begins_alike_is_held_once() -> None:
    tree = TokenTree()
    ends = [tree.add([1, 2, 3]), tree.add([1, 2, 4]), tree.add([1, 2, 3]), tree.add([2])]
    assert tree.tokens == [1, 2, 3, 4, 2]
    assert tree.parents == [-1, 0, 1, 1, -1]
    assert tree.depths == [0, 1, 2, 2, 0]
    assert ends == [2, 3, 2, 4]
    seen = (tree.attention(torch.float32) == 0).int().tolist()
    assert seen == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 0, 1, 0], [0, 0, 0, 0, 1]]


@pytest.mark.parametrize("kind", ["llama", "qwen2", "phi3"])
def test_losses_and_slopes_are_those_of_the_examples_by_themselves(tmp_path: Path, kind: str) -> None:
    model = load_weights(make_base(tmp_path, kind, **({"pad_token_id": 0} if kind == "phi3" else {})), "float32")
    one = next(model.parameters())
    together = model(**collate(EXAMPLES, torch.float32)).loss
    (slope,) = torch.autograd.grad(together, one)
    losses, learnt = [], 0
    for example in EXAMPLES:
        for answer in example.answers:
            tokens = torch.tensor([[*example.prompt, *answer.tokens]])
            targets = torch.full_like(tokens, -100)
            places = [len(example.prompt) + place for place in answer.learnt]
            targets[0, places] = tokens[0, places]
            losses.append(model(input_ids=tokens, labels=targets).loss * len(places))
            learnt += len(places)
    apart = sum(losses) / learnt
    assert together.item() == pytest.approx(apart.item(), rel=1e-5)
    assert torch.allclose(slope, torch.autograd.grad(apart, one)[0], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(("kind", "apart"), [("llama", True), ("falcon_h1", False)])
def test_models_that_would_mix_branches_up_are_told_apart(tmp_path: Path, kind: str, *, apart: bool) -> None:
    model = load_weights(make_base(tmp_path, kind), "float32").eval()
    assert branches_apart(model, EXAMPLES[0], "float32") is apart
