"""What is learned: a softmax over the emotions a set knows, and irony on its own."""

from __future__ import annotations

import torch
from torch.nn import functional

from export.labels import EMOTIONS

_EMOTIONS = len(EMOTIONS)


def mixed_loss(
    logits: torch.Tensor,
    targets: torch.Tensor,
    known: torch.Tensor,
    irony_weight: float = 1.0,
) -> torch.Tensor:
    """Return the mean loss of a batch as a scalar.

    `logits`, `targets` and `known` are [batch, 8]. For each example the emotion part is
    the cross-entropy of its targets under a softmax over the labels with `known` 1, and
    the irony part, times `irony_weight`, the binary cross-entropy of the last output
    where the last `known` is 1. What is not known gets no gradient.
    """
    logits = logits.float()
    open_labels = known[:, :_EMOTIONS] > 0
    told = open_labels.any(dim=1)
    # An example without known emotions keeps all of them, so that no row is all -inf.
    masked = logits[:, :_EMOTIONS].masked_fill(~open_labels & told[:, None], float("-inf"))
    log_shares = torch.log_softmax(masked, dim=1).masked_fill(~open_labels, 0.0)
    emotion = -(targets[:, :_EMOTIONS] * log_shares).sum(dim=1)
    irony = functional.binary_cross_entropy_with_logits(
        logits[:, _EMOTIONS], targets[:, _EMOTIONS], reduction="none"
    )
    return (emotion + irony_weight * irony * known[:, _EMOTIONS]).mean()
