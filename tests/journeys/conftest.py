"""The running platform, once per test process."""

from collections.abc import Iterator

import pytest

from tests.support.invariants import assert_invariants
from tests.support.platform import Platform
from tests.support.stack import Stack


@pytest.fixture
def platform(stack: Stack) -> Iterator[Platform]:
    """A person in front of the running platform; afterwards every invariant must hold."""
    visitor = Platform(stack)
    yield visitor
    visitor.close()
    # Hundreds of charges are read back at the pace that Stripe allows.
    assert_invariants(stack, rest_seconds=90)
