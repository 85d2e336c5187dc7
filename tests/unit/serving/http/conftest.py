import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run the tests marked `anyio`, by anyio's pytest plugin, in asyncio."""
    return "asyncio"
