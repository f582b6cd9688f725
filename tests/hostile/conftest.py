"""The stage for hostile requests, once per test process."""

from collections.abc import Iterator

import pytest

from tests.hostile.stage import Stage
from tests.support.invariants import assert_invariants
from tests.support.platform import Platform
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def stage(stack: Stack) -> Iterator[Stage]:
    """A campaign with pledges, and every forged link; afterwards every invariant holds."""
    visitor = Platform(stack)
    yield Stage(stack, visitor)
    visitor.close()
    assert_invariants(stack)
