"""Every test here is a coroutine on real servers."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
