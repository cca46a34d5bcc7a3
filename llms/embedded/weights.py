"""Weights laid out once the way the processor's matrix kernels want them.

torch lays a weight out anew at every product. For the few dozen rows of a decoding step that takes up to half
of the time (measured on one core: bfloat16 157 -> 186 Gflop/s at 64 rows, 52 -> 97 at 8; float32 64 -> 99
and 24 -> 52).
"""

from __future__ import annotations

from typing import Any

TYPICAL_ROWS = 64
"""Rows for which the layout is chosen; others work too."""


def lay_out(model: Any) -> bool:
    """Replace the model's linear layers by ones with reordered weights, in place. The model can only infer.

    The two operations are those that torch's own compiler uses; where this torch lacks them the model stays
    as it is.

    Returns:
        Whether it was done.
    """
    import torch

    operations = torch.ops.mkldnn
    if not (
        torch.backends.mkldnn.is_available()
        and hasattr(operations, "_linear_pointwise")
        and hasattr(operations, "_reorder_linear_weight")
    ):
        return False

    class LaidOut(torch.nn.Module):  # type: ignore[misc]
        """A linear layer whose weight is in the kernels' layout."""

        def __init__(self, linear: torch.nn.Linear) -> None:
            super().__init__()
            self.packed = operations._reorder_linear_weight(linear.weight.data, TYPICAL_ROWS)
            self.bias = linear.bias

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            product: torch.Tensor = operations._linear_pointwise(inputs, self.packed, self.bias, "none", [], "")
            return product

    with torch.inference_mode():
        for module in list(model.modules()):
            for name, child in list(module.named_children()):
                if type(child) is torch.nn.Linear:
                    setattr(module, name, LaidOut(child))
    return True
