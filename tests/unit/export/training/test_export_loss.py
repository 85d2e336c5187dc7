"""The loss, against values computed by hand."""

import math
from dataclasses import replace

import pytest
import torch

from export.labels import EMOTIONS, LABELS
from export.training.encode import target_row
from export.training.examples import Example
from export.training.loss import Objective, disagreement, mixed_loss, teacher_distance

PLAIN = Objective()
THREE = ("anger", "joy", "sadness")
NOTHING = Example("")


def batch(*examples: Example, trust: float = 1.0) -> dict[str, torch.Tensor]:
    targets, known = (torch.tensor(part) for part in zip(*map(target_row, examples), strict=True))
    known[:, :-1] *= trust
    return {
        "targets": targets,
        "known": known,
        "any_of": torch.tensor([example.any_of for example in examples]),
        "teacher_logits": torch.zeros(len(examples), len(LABELS)),
        "teacher_weight": torch.zeros(len(examples)),
    }


def logits_of(**given: float) -> torch.Tensor:
    return torch.tensor([[given.get(label, 0.0) for label in LABELS]], requires_grad=True)


def moved(logits: torch.Tensor) -> set[str]:
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    return {label for label, value in zip(LABELS, logits.grad[0], strict=True) if value != 0}


JOY_OF_THREE = Example("", ("joy",), THREE)
JOY_OR_SURPRISE = Example("", ("joy", "surprise"), EMOTIONS, any_of=True)


@pytest.mark.parametrize(
    ("given", "example", "how", "expected"),
    [
        pytest.param(
            {"joy": math.log(2.0), "neutral": 50.0},
            JOY_OF_THREE,
            PLAIN,
            -math.log(2.0 / (1 + 2 + 1)),
            id="softmax over the known labels only",
        ),
        pytest.param(
            {"joy": math.log(3.0)},
            Example("", ("joy", "surprise"), EMOTIONS),
            PLAIN,
            -0.5 * math.log(3 / 9) - 0.5 * math.log(1 / 9),
            id="two emotions share the probability",
        ),
        pytest.param(
            {"joy": math.log(3.0)},
            JOY_OR_SURPRISE,
            PLAIN,
            -math.log((3 + 1) / 9),
            id="summed probability of any of two",
        ),
        pytest.param(
            {"joy": math.log(2.0), "neutral": 50.0},
            JOY_OF_THREE,
            Objective(label_smoothing=0.3),
            # 0.7 and a third of 0.3 for joy, a third of 0.3 for each of the other two.
            -0.8 * math.log(1 / 2) - 0.2 * math.log(1 / 4),
            id="smoothing gives a share to all known labels",
        ),
        *(
            pytest.param(
                {"joy": math.log(6.0)},
                JOY_OF_THREE,
                Objective(focal_gamma=gamma),
                -((1 - 0.75) ** gamma) * math.log(0.75),
                id=f"focal loss with gamma {gamma}",
            )
            for gamma in (0.5, 1.0, 2.0)
        ),
    ],
)
def test_the_loss_of_an_example(
    given: dict[str, float], example: Example, how: Objective, expected: float
) -> None:
    assert mixed_loss(logits_of(**given), batch(example), how).item() == pytest.approx(expected)


def test_unknown_labels_get_no_gradient() -> None:
    logits = logits_of(fear=3.0)

    mixed_loss(logits, batch(JOY_OF_THREE), PLAIN).backward()

    assert moved(logits) == {"anger", "joy", "sadness"}


def test_any_of_two_emotions_may_win() -> None:
    logits = logits_of(joy=math.log(3.0))

    mixed_loss(logits, batch(JOY_OR_SURPRISE), PLAIN).backward()

    # d/dz of -log(4/9): p - p / (p of both) for the two, p for the others.
    assert logits.grad is not None
    gradient = dict(zip(LABELS, logits.grad[0].tolist(), strict=True))
    assert gradient["joy"] == pytest.approx(3 / 9 - 3 / 4)
    assert gradient["surprise"] == pytest.approx(1 / 9 - 1 / 4)
    assert gradient["anger"] == pytest.approx(1 / 9)


def test_focal_loss_has_a_finite_gradient_at_certainty() -> None:
    logits = logits_of(joy=200.0)

    mixed_loss(logits, batch(JOY_OF_THREE), Objective(focal_gamma=0.5)).backward()

    assert moved(logits) == set()


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (Example("", ("joy",), EMOTIONS, irony=True), 0.3 * math.log(7) + math.log(2)),
        (JOY_OR_SURPRISE, 0.3 * -math.log(2 / 7)),
    ],
    ids=["emotion but not irony", "any of several emotions"],
)
def test_trust_weights_the_emotions(example: Example, expected: float) -> None:
    loss = mixed_loss(logits_of(), batch(example, trust=0.3), PLAIN)

    assert loss.item() == pytest.approx(expected)


def test_an_example_about_irony_changes_only_the_irony_output() -> None:
    logits = logits_of(anger=5.0, irony=math.log(3.0))

    loss = mixed_loss(logits, batch(Example("", irony=True)), Objective(irony_weight=2.0))
    loss.backward()

    assert loss.item() == pytest.approx(2.0 * -math.log(0.75))
    assert moved(logits) == {"irony"}
    assert logits.grad is not None
    assert logits.grad[0, -1].item() == pytest.approx(2.0 * (0.75 - 1.0))


def test_the_loss_of_a_batch_is_the_mean_of_its_examples() -> None:
    examples = [Example("", ("fear",), EMOTIONS), Example("", irony=False), NOTHING]

    loss = mixed_loss(torch.zeros(3, 8), batch(*examples), PLAIN)

    assert loss.item() == pytest.approx((math.log(7) + math.log(2)) / 3)


@pytest.mark.parametrize(
    "how",
    [
        PLAIN,
        Objective(label_smoothing=0.1),
        Objective(focal_gamma=0.5),
        Objective(label_smoothing=0.1, focal_gamma=2.0),
    ],
)
@pytest.mark.parametrize("any_of", [True, False])
def test_an_unlabelled_example_has_no_gradient(how: Objective, any_of: bool) -> None:
    logits = logits_of(joy=3.0, irony=-2.0)

    loss = mixed_loss(logits, batch(Example("", any_of=any_of)), how)
    loss.backward()

    assert loss.item() == 0.0
    assert moved(logits) == set()


DIVERGENCE = (0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)) / 2 + (
    0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
) / 2
"""Mean of both Kullback-Leibler divergences of (1/4, 3/4) and (1/2, 1/2)."""


def test_disagreement_is_the_mean_of_both_divergences() -> None:
    one, other = logits_of(joy=math.log(3.0), neutral=9.0), logits_of()
    known = batch(Example("", ("joy",), ("anger", "joy")))["known"]

    apart = disagreement(one, other, known, irony_weight=1.0)

    assert apart.item() == pytest.approx(DIVERGENCE)  # over anger and joy


def test_disagreement_about_irony_counts_where_labelled_with_its_weight() -> None:
    one, other = logits_of(irony=math.log(3.0), joy=5.0).repeat(2, 1), torch.zeros(2, 8)
    known = batch(Example("", irony=True), NOTHING)["known"]

    apart = disagreement(one, other, known, irony_weight=2.0)

    assert apart.item() == pytest.approx(2.0 * DIVERGENCE / 2)


def test_disagreement_is_symmetric_and_zero_with_itself() -> None:
    one, other = logits_of(joy=2.0, irony=1.0), logits_of(fear=-3.0)
    known = batch(Example("", ("joy",), EMOTIONS, irony=False))["known"]

    there, back = (disagreement(*pair, known, 1.0) for pair in ((one, other), (other, one)))

    assert disagreement(one, one, known, 1.0).item() == 0.0
    assert there.item() == pytest.approx(back.item())
    assert there.item() > 0


def test_disagreement_has_a_finite_gradient_where_nothing_is_known() -> None:
    one, other = logits_of(joy=2.0), logits_of(fear=-3.0)

    disagreement(one, other, batch(NOTHING)["known"], 1.0).backward()

    assert moved(one) == moved(other) == set()


@pytest.mark.parametrize(
    ("example", "irony"),
    [
        (JOY_OF_THREE, (0.0, 0.25)),
        (Example("", ("anger",), EMOTIONS), (0.0, 0.0)),
        (Example("", ("joy", "anger"), EMOTIONS), (0.0, 0.0)),
        (Example("", (), EMOTIONS), (0.0, 0.0)),
        (Example("", ("joy",), EMOTIONS, irony=True), (1.0, 1.0)),
    ],
    ids=["joy", "anger", "joy and anger", "no emotion", "labelled for irony"],
)
def test_only_joy_and_love_without_a_label_of_irony_count_as_not_ironic(
    example: Example, irony: tuple[float, float]
) -> None:
    targets, known = target_row(example, sincere_weight=0.25)

    assert (targets[-1], known[-1]) == irony


def test_an_unlabelled_text_is_learned_only_from_the_teacher() -> None:
    logits = logits_of(joy=math.log(2.0))
    taught = {**batch(NOTHING), "teacher_logits": logits_of(anger=1.0, irony=1.0).detach()}
    taught["teacher_weight"] = torch.tensor([0.5])

    loss = mixed_loss(logits, taught, PLAIN)

    expected = 0.5 * teacher_distance(logits, taught["teacher_logits"], PLAIN).item()
    assert loss.item() == pytest.approx(expected)
    loss.backward()
    assert moved(logits) == set(LABELS)


def test_the_distance_from_a_teacher_is_the_divergence_of_softened_logits() -> None:
    said, asked = logits_of(joy=2 * math.log(2.0)), logits_of(joy=2 * math.log(4.0), irony=2.0)
    how = Objective(irony_weight=0.5, teacher_temperature=2.0)

    distance = teacher_distance(said, asked, how)

    # Softened, joy weighs 2 of 8 where the teacher has 4 of 10; irony sigma(1) against 1/2.
    emotion = 0.4 * math.log(0.4 / 0.25) + 6 * 0.1 * math.log(0.1 / 0.125)
    ironic = 1 / (1 + math.exp(-1.0))
    irony = ironic * math.log(ironic / 0.5) + (1 - ironic) * math.log((1 - ironic) / 0.5)
    assert distance.tolist() == pytest.approx([4 * (emotion + 0.5 * irony)])
    without = teacher_distance(said, asked, replace(how, teacher_irony=False))
    assert without.tolist() == pytest.approx([4 * emotion])


def test_equal_logits_have_no_distance_from_the_teacher() -> None:
    logits = logits_of(joy=3.0, fear=-1.0, irony=-2.0)

    distance = teacher_distance(logits, logits.detach().clone(), PLAIN)

    assert distance.item() == pytest.approx(0.0, abs=1e-6)
