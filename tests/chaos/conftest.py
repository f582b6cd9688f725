"""A stack that was lived in, for the tests of the checker."""

from collections.abc import Iterator

import pytest

from tests.support.platform import Platform
from tests.support.stack import Stack


@pytest.fixture
def platform(stack: Stack) -> Iterator[Platform]:
    """A person in front of the running platform."""
    visitor = Platform(stack)
    yield visitor
    visitor.close()
