"""How a new stack opens: its samples' first supporters came a week ago.

The calendar is set back before the services start, since a film that was seen to close
stays closed; the supporters pledge; the calendar is today's again. A mark in the data
directory says that this is not finished, so that a start that was interrupted leaves no
stack in last week.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local import loopback, plan
from deploy.local.children import Spec
from deploy.local.environment import Environment, machine
from deploy.local.layout import DataDir

DAYS_AGO = 7
LIMIT_SECONDS = 90.0


class Opening:
    """The first minutes of a stack that serves the samples with the sandbox."""

    def __init__(self, data: DataDir, env: Environment) -> None:
        self._mark: Path = data.path / "opening"
        self._env = env

    @property
    def was_interrupted(self) -> bool:
        return self._mark.exists()

    def turn_back(self) -> None:
        """Set the calendar to a week ago."""
        self._mark.touch()
        before = datetime.now(UTC) - timedelta(days=DAYS_AGO)
        self._set({"now": before.isoformat()})

    def turn_to_today(self) -> None:
        """Set the calendar to real time."""
        self._set({"reset": True})
        self._mark.unlink(missing_ok=True)

    def job(self) -> Spec:
        """Return the process in which the supporters pledge."""
        addresses = (self._env.url_of("site"), self._env.url_of("sandbox"))
        return Spec(
            name="first-supporters",
            argv=plan.python("-m", "deploy.local.first_supporters", *addresses),
            environ=machine(),
        )

    def _set(self, body: dict[str, object]) -> None:
        loopback.call("POST", self._env.url_of("sandbox") + "/sandbox/clock", body=body)
