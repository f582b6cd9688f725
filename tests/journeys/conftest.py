"""The running platform, once per test process."""

from collections.abc import Iterator

import pytest

from tests.support.platform import Platform, RunningStack


@pytest.fixture
def platform(stack: RunningStack) -> Iterator[Platform]:
    """A person in front of the running platform."""
    visitor = Platform(stack)
    yield visitor
    visitor.close()
