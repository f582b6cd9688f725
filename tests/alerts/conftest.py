"""promtool, and a scene for the alerts that a test is marked with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.observability.promtool import find_or_unpack
from tests.alerts.judge import rules
from tests.alerts.watch import Scene, Watch

SceneOf = Callable[[Watch], Scene]


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus' own judge of alerts."""
    return find_or_unpack(print)


@pytest.fixture
def scene_of(request: pytest.FixtureRequest, promtool: Path, tmp_path: Path) -> SceneOf:
    """Make the scene of the alerts that are named in the test's mark, for whoever is watched."""
    marker = request.node.get_closest_marker("alert")
    chosen = [rules()[name] for name in marker.args]
    return lambda watch: Scene(chosen, watch, promtool, tmp_path)
