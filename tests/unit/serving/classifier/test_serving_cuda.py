"""The GPU path, run by the CPU's provider; what needs a real GPU is marked `gpu`."""

import ctypes
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from serving.bootstrap import open_classifier
from serving.classifier import providers
from serving.classifier.artifact import MODEL_FILE, open_model
from serving.classifier.batching import GPU_SIZING
from serving.classifier.classifier import EmotionClassifier
from serving.classifier.cuda import BoundRun, RecordedRun, StagingArray, recorded_shape
from serving.classifier.engine import GPU_RUNNERS, OnnxEngine
from serving.classifier.providers import GpuTuning, Provider, provider_list
from serving.settings import Settings
from tests.support.serving.tiny_model import write_tiny_model

IDS = np.array([[2, 7, 8, 3], [2, 9, 3, 0], [2, 5, 6, 3]])
MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]])


class FakeRuntime:
    """A CUDA runtime that records which pages are locked, or refuses to lock any."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.locked: set[int | None] = set()

    def cudaHostRegister(self, address: ctypes.c_void_p, size: ctypes.c_size_t, flags: int) -> int:  # noqa: N802 -- CUDA's name
        if self.status == 0:
            self.locked.add(address.value)
        return self.status

    def cudaHostUnregister(self, address: ctypes.c_void_p) -> int:  # noqa: N802 -- the same
        self.locked.remove(address.value)
        return 0


@pytest.fixture(scope="module")
def session(tiny_folder: Path) -> ort.InferenceSession:
    return ort.InferenceSession(str(tiny_folder / MODEL_FILE), providers=["CPUExecutionProvider"])


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(providers.KNOWN, "cuda", Provider("CPUExecutionProvider"))


def plain(session: ort.InferenceSession, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    return session.run(["logits"], feed)[0]  # type: ignore[no-any-return] # ships no types


def test_bound_memory_gives_the_logits_that_unbound_memory_does(
    session: ort.InferenceSession,
) -> None:
    bound = BoundRun(session, FakeRuntime())

    first = bound.run(IDS, MASK)
    shorter = bound.run(IDS[:1, :3], MASK[:1, :3])

    np.testing.assert_array_equal(first, plain(session, IDS, MASK))
    np.testing.assert_array_equal(shorter, plain(session, IDS[:1, :3], MASK[:1, :3]))


def test_a_recorded_shape_pads_and_answers_for_its_texts_alone(
    session: ort.InferenceSession,
) -> None:
    recorded = RecordedRun(session, None, columns=8, device="cpu")

    logits = [recorded.run(IDS, MASK), recorded.run(IDS[::-1].copy(), MASK[::-1].copy())]

    expected = plain(session, IDS, MASK)
    np.testing.assert_allclose(logits[0], expected, rtol=1e-6)
    np.testing.assert_allclose(logits[1], expected[::-1], rtol=1e-6)


def test_few_short_texts_have_a_recorded_shape_and_others_none() -> None:
    assert recorded_shape(3, 17) == (4, 32)
    assert recorded_shape(9, 17) is None
    assert recorded_shape(1, 129) is None


def test_memory_is_locked_once_let_go_when_it_must_grow_and_good_without_a_lock() -> None:
    runtime = FakeRuntime()
    staging = StagingArray(runtime)

    staging.copy(IDS)
    before = set(runtime.locked)
    staging.copy(IDS[:1])
    assert runtime.locked == before
    held = staging.copy(np.ones((100, 4), np.int64))
    refused = StagingArray(FakeRuntime(status=1))

    assert len(runtime.locked) == 1
    assert held.sum() == 400
    np.testing.assert_array_equal(refused.copy(IDS), IDS)
    assert not refused.locked


@pytest.mark.usefixtures("gpu")
def test_on_a_gpu_every_runner_has_a_session_and_batches_are_large(tiny_folder: Path) -> None:
    with EmotionClassifier(open_model(tiny_folder), providers=["cuda"]) as on_gpu:
        on_gpu.warm()
        texts = ["so happy", "so sad today", "my dog is here"] * 20
        found = on_gpu.classify(texts)
        runners, sizing = on_gpu.runners, on_gpu.sizing
    with EmotionClassifier(open_model(tiny_folder)) as on_cpu:
        expected = on_cpu.classify(texts)

    assert (runners, sizing) == (GPU_RUNNERS, GPU_SIZING)
    assert [one.label for one in found] == [one.label for one in expected]


@pytest.mark.usefixtures("gpu")
def test_recorded_runs_are_used_where_they_are_set(tiny_folder: Path) -> None:
    tuning = GpuTuning(device="cpu")

    engine = OnnxEngine(tiny_folder / MODEL_FILE, 1, ["cuda"], tuning)
    # The CPU's provider knows no option of the name, so the setting comes after the session.
    engine._bound[0] = RecordedRun(engine._session, None, 8, tuning.device)

    np.testing.assert_array_equal(engine.run(IDS, MASK), plain(engine._session, IDS, MASK))


def test_the_setting_reaches_cuda_and_the_cache_tensorrt_with_cuda_behind_it() -> None:
    tuning = GpuTuning(cuda_graphs=True, engine_cache=Path("kept"))

    ((cuda, options),) = provider_list("cuda", tuning)
    (tensorrt, kept), (behind, _) = provider_list("tensorrt", tuning)

    assert cuda == behind == "CUDAExecutionProvider"
    assert options["enable_cuda_graph"] is True
    assert (tensorrt, kept["trt_engine_cache_path"]) == ("TensorrtExecutionProvider", "kept")


def test_without_a_gpu_the_other_model_is_served_and_one_line_says_so(
    tiny_folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(providers.KNOWN, "cuda", Provider("NoSuchProvider"))
    settings = Settings(model_dir=tiny_folder, gpu_model_dir=tiny_folder, providers=("cuda", "cpu"))

    with open_classifier(settings) as classifier:
        provider = classifier.provider

    assert provider == "cpu"
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith(f"no GPU runs {tiny_folder}, {tiny_folder} is next: ")
    assert "\n" not in line


@pytest.mark.usefixtures("gpu")
def test_with_a_gpu_its_own_model_is_served(tiny_folder: Path, tmp_path: Path) -> None:
    own = write_tiny_model(tmp_path / "gpu", precision="fp16")
    settings = Settings(model_dir=tiny_folder, gpu_model_dir=own, providers=("cuda", "cpu"))

    with open_classifier(settings) as classifier:
        assert (classifier.provider, classifier.artifact.precision) == ("cuda", "fp16")


@pytest.mark.gpu
def test_the_gpu_answers_as_the_cpu_does(tiny_folder: Path) -> None:
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        pytest.skip("needs onnxruntime-gpu and an NVIDIA GPU: this path was NOT run")
    engine = OnnxEngine(tiny_folder / MODEL_FILE, 1, ["cuda"], GpuTuning(cuda_graphs=True))
    on_cpu = OnnxEngine(tiny_folder / MODEL_FILE, 1, ["cpu"])

    np.testing.assert_allclose(engine.run(IDS, MASK), on_cpu.run(IDS, MASK), atol=1e-4)
