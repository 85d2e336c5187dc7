"""The training loss: a softmax over the emotions that a set knows, a sigmoid for irony."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from export.labels import EMOTIONS

_EMOTIONS = len(EMOTIONS)
_TINY = 1e-9


@dataclass(frozen=True)
class Objective:
    """Settings of the loss; the fields are TrainConfig's of the same names.

    `side_spans` are the start and end columns of the sets' own labels.
    """

    irony_weight: float = 1.0
    label_smoothing: float = 0.0
    focal_gamma: float = 0.0
    r_drop: float = 0.0
    teacher_temperature: float = 1.0
    teacher_irony: bool = True
    side_spans: Sequence[tuple[int, int]] = ()


def mixed_loss(
    logits: torch.Tensor, batch: Mapping[str, torch.Tensor], how: Objective
) -> torch.Tensor:
    """Return the mean loss of a batch as a scalar.

    `logits` and the batch's `targets` and `known` are [batch, outputs]; `any_of` is [batch].
    For each example the emotion part is the cross-entropy of its targets under a softmax over
    the labels with `known` above 0, times that weight; where `any_of`, it is the negative
    logarithm of the targets' summed probability (Jin & Ghahramani, NIPS 2002). The irony part
    is the binary cross-entropy of output 8 times its `known` and `irony_weight`. Each side
    span adds its own softmax, and each row its distance from the teacher's logits times
    `teacher_weight`. Outputs that are not known get no gradient.
    """
    logits = logits.float()
    targets, known = batch["targets"], batch["known"]
    emotion = _emotion_loss(
        logits[:, :_EMOTIONS], targets[:, :_EMOTIONS], known[:, :_EMOTIONS], batch["any_of"], how
    )
    irony = functional.binary_cross_entropy_with_logits(
        logits[:, _EMOTIONS], targets[:, _EMOTIONS], reduction="none"
    )
    total = emotion + how.irony_weight * irony * known[:, _EMOTIONS]
    for start, stop in how.side_spans:
        log_shares = torch.log_softmax(logits[:, start:stop], dim=1)
        own = -(targets[:, start:stop] * log_shares).sum(dim=1)
        total = total + own * known[:, start:stop].amax(dim=1)
    if batch["teacher_weight"].any():
        apart = teacher_distance(logits[:, : _EMOTIONS + 1], batch["teacher_logits"], how)
        total = total + apart * batch["teacher_weight"]
    return total.mean()


def teacher_distance(logits: torch.Tensor, teacher: torch.Tensor, how: Objective) -> torch.Tensor:
    """Return the distance of each row's eight logits from a teacher's, [batch], in nats.

    The Kullback-Leibler divergence of the seven emotions, and with `teacher_irony` that of irony
    times `irony_weight`, both of softened logits and times the squared temperature, so that
    gradients keep their size (Hinton, Vinyals & Dean, 2015, section 2.1).
    """
    own, wanted = (part / how.teacher_temperature for part in (logits, teacher))
    emotion = functional.kl_div(
        torch.log_softmax(own[:, :_EMOTIONS], dim=1),
        torch.log_softmax(wanted[:, :_EMOTIONS], dim=1),
        reduction="none",
        log_target=True,
    ).sum(dim=1)
    own_irony, irony_logit = own[:, _EMOTIONS], wanted[:, _EMOTIONS]
    target = irony_logit.sigmoid()
    irony = functional.binary_cross_entropy_with_logits(
        own_irony, target, reduction="none"
    ) - functional.binary_cross_entropy_with_logits(irony_logit, target, reduction="none")
    irony_weight = how.irony_weight if how.teacher_irony else 0.0
    return (emotion + irony_weight * irony) * how.teacher_temperature**2


def _emotion_loss(
    logits: torch.Tensor,
    targets: torch.Tensor,
    known: torch.Tensor,
    any_of: torch.Tensor,
    how: Objective,
) -> torch.Tensor:
    """Return the emotion part of each example, [batch]."""
    open_labels = known > 0
    log_shares = masked_log_softmax(logits, open_labels)
    # At least 1, so that no example divides by zero.
    count = open_labels.sum(dim=1, keepdim=True).clamp(min=1)
    smooth = how.label_smoothing
    wanted = targets * (1 - smooth) + open_labels * (smooth / count)
    terms = wanted * log_shares
    if how.focal_gamma:
        # Above 0, where a power below 1 has no finite gradient.
        terms = terms * (1 - log_shares.exp()).clamp(min=_TINY) ** how.focal_gamma
    loss = -terms.sum(dim=1)
    summed = (log_shares.exp() * (targets > 0)).sum(dim=1).clamp(min=_TINY).log()
    return torch.where(any_of, -summed, loss) * known.amax(dim=1)


def masked_log_softmax(logits: torch.Tensor, open_labels: torch.Tensor) -> torch.Tensor:
    """Return log-probabilities over the open labels of each row, 0 for the others."""
    labelled = open_labels.any(dim=1)
    # A row without open labels keeps all of them, so that it is not all -inf.
    masked = logits.masked_fill(~open_labels & labelled[:, None], float("-inf"))
    return torch.log_softmax(masked, dim=1).masked_fill(~open_labels, 0.0)


def disagreement(
    one: torch.Tensor, other: torch.Tensor, known: torch.Tensor, irony_weight: float
) -> torch.Tensor:
    """Return the mean symmetric divergence of two [batch, outputs] logits, in nats.

    Emotions count over the labels with `known` above 0, irony where it is known
    (R-Drop, Liang et al., NeurIPS 2021, equation 2, halved as there).
    """
    open_labels = known[:, :_EMOTIONS] > 0
    logs = [masked_log_softmax(part.float()[:, :_EMOTIONS], open_labels) for part in (one, other)]
    shares = [part.exp() * open_labels for part in logs]
    emotion = ((shares[0] - shares[1]) * (logs[0] - logs[1])).sum(dim=1) / 2
    signs = [part.float()[:, _EMOTIONS] for part in (one, other)]
    irony = (signs[0].sigmoid() - signs[1].sigmoid()) * (signs[0] - signs[1]) / 2
    return (emotion + irony_weight * irony * known[:, _EMOTIONS]).mean()
