import logging
from pathlib import Path

import pytest

from serving.classifier import providers
from serving.classifier.providers import KNOWN, Provider, open_session
from serving.errors import ModelCorrupt
from serving.settings import PROVIDERS


def test_every_provider_that_can_be_set_is_known_in_the_order_of_preference() -> None:
    assert tuple(KNOWN) == PROVIDERS


def test_the_first_provider_that_is_offered_runs_the_model_and_the_log_says_so(
    model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    session, name = open_session(model, PROVIDERS, threads=1)

    assert session.get_providers()[0] == KNOWN[name].name
    assert [record.getMessage() for record in caplog.records][-1].startswith(
        f"the model runs on {name} (ONNX Runtime "
    )


def test_one_that_is_offered_and_does_not_work_is_named_in_one_line(
    model: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build for GPUs on a machine without one offers what it cannot do."""
    broken = Provider("CPUExecutionProvider", "no options at all")  # type: ignore[arg-type]
    monkeypatch.setitem(providers.KNOWN, "cuda", broken)

    _, name = open_session(model, ("cuda", "cpu"), threads=1)

    assert name == "cpu"
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith("cuda cannot run the model, cpu is next: ")
    assert "\n" not in line


def test_where_nothing_that_is_preferred_is_offered_it_says_what_to_set(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(providers.KNOWN, "cuda", Provider("NoSuchProvider"))

    with pytest.raises(ModelCorrupt, match=r"offers none of cuda.*SERVING_PROVIDERS"):
        open_session(model, ("cuda",), threads=1)


def test_one_that_loads_the_model_and_cannot_run_it_is_passed_over(
    model: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO does so with the shipped model, in which every token has a scale of its own."""
    monkeypatch.setitem(providers.KNOWN, "openvino", KNOWN["cpu"])
    monkeypatch.setitem(providers.KNOWN, "cpu", Provider("AzureExecutionProvider"))
    monkeypatch.setattr(providers, "TRIALS", ((1, 5, 1),))

    with pytest.raises(ModelCorrupt) as caught:
        open_session(model, ("openvino",), threads=1)

    assert "Invalid rank" in str(caught.value.__cause__)
