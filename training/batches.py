"""A batch as one row in which nothing is read twice: examples that begin alike share their beginning.

All examples of a coder begin with its instructions, and a text with several codes is one text. So the tokens of
a batch make a tree: each token attends to those before it on its own branch, and its position is its depth. What
comes out is what each example would give by itself; on people's codes of survey answers it is a third of the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from intercoder.llms.embedded.selfcheck import alike
from intercoder.training.examples import Answer, Example

if TYPE_CHECKING:
    import torch

_ROOT = -1


class TokenTree:
    """Sequences of tokens, the common beginnings of which are held once.

    Attributes:
        tokens: One a node; a node comes after its parent.
        parents: The node before each one; -1 before the first.
        depths: Position of each node in its sequences.
    """

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.depths: list[int] = []
        self._nodes: dict[tuple[int, int], int] = {}

    def add(self, tokens: Sequence[int], after: int = _ROOT) -> int:
        """Put a sequence in, continuing a branch; its last node."""
        node = after
        for token in tokens:
            parent, place = node, len(self.tokens)
            node = self._nodes.setdefault((parent, token), place)
            if node == place:
                self.tokens.append(token)
                self.parents.append(parent)
                self.depths.append(self.depths[parent] + 1 if parent != _ROOT else 0)
        return node

    def attention(self, dtype: torch.dtype) -> torch.Tensor:
        """What is added to the attention of node (row) to node (column): 0 on its branch, else what forbids it."""
        import torch

        size = len(self.tokens)
        seen = torch.zeros(size, size, dtype=torch.bool)
        for node, parent in enumerate(self.parents):
            if parent != _ROOT:
                seen[node, : parent + 1] = seen[parent, : parent + 1]
            seen[node, node] = True
        return torch.zeros(size, size, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)


def collate(examples: Sequence[Example], dtype: torch.dtype) -> dict[str, Any]:
    """A batch as causal language models of transformers take it: one row of a tree of tokens.

    Args:
        examples: Texts with their codes.
        dtype: Type of the model's numbers.

    Returns:
        Logits are asked for where a token that is learnt comes next, and `shift_labels` holds that token.
    """
    import torch

    tree = TokenTree()
    before: list[int] = []
    wanted: list[int] = []
    for example in examples:
        prompt = tree.add(example.prompt)
        for answer in example.answers:
            node, learnt = prompt, frozenset(answer.learnt)
            for place, token in enumerate(answer.tokens):
                if place in learnt:
                    before.append(node)
                    wanted.append(token)
                if place < answer.learnt[-1]:
                    node = tree.add([token], node)
    targets = torch.tensor([wanted])
    return {
        "input_ids": torch.tensor([tree.tokens]),
        "position_ids": torch.tensor([tree.depths]),
        "attention_mask": tree.attention(dtype)[None, None],
        "logits_to_keep": torch.tensor(before),
        "labels": targets,
        "shift_labels": targets,
    }


def branches_apart(model: Any, example: Example, dtype: str) -> bool:
    """Whether a model computes the same on a tree as on each of its branches.

    Most causal transformers do. Models that carry a state from token to token would mix the branches up.

    Args:
        model: The model (transformers).
        example: A text; its first answer alone is looked at.
        dtype: Type of the model's numbers.
    """
    import torch

    prompt, answer = example.prompt, example.answers[0]
    turned = Answer(answer.tokens[::-1], answer.learnt)
    with torch.inference_mode():
        tree = collate([Example(prompt, (answer, turned))], model.dtype)
        both = model(**tree | {"use_cache": False}).logits[0]
        alone = []
        for one in (answer, turned):
            tokens = torch.tensor([[*prompt, *one.tokens[:-1]]])
            logits = model(input_ids=tokens, use_cache=False).logits[0]
            alone.append(logits[[len(prompt) + place - 1 for place in one.learnt]])
    return alike(both, torch.cat(alone), dtype)
