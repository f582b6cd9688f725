"""One request to Stripe's API, parsed and checked: what every handler is given."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api.errors import invalid, missing, not_modelled
from deploy.sandbox.world import Cause, World


@dataclass(frozen=True)
class Call:
    world: World
    path: str
    params: dict[str, Any]
    # What the braces of the route stood for, in order.
    ids: tuple[str, ...] = ()
    cause: Cause = field(default_factory=Cause)
    # The address the caller knows us by, for links in answers.
    base_url: str = ""

    @property
    def id(self) -> str:
        return self.ids[0]

    @property
    def now(self) -> int:
        return self.world.clock.now_seconds()

    @property
    def year_and_month(self) -> tuple[int, int]:
        today = datetime.fromtimestamp(self.now, UTC)
        return today.year, today.month

    def find(self, kind: str, object_id: str, *, name: str = "", param: str = "id") -> Obj:
        """Return the object or refuse as Stripe does, with status 404."""
        obj = self.world.store.get(kind, object_id)
        if obj is None:
            raise missing(name or kind, object_id, param=param)
        return obj

    def put(self, obj: Obj) -> None:
        self.world.store.put(obj["object"], obj)

    def emit(self, kind: str, obj: Obj, previous: dict[str, Any] | None = None) -> None:
        self.world.emit(kind, obj, self.cause, previous)

    def refuse_unmodelled(self, *modelled: str) -> None:
        """Refuse parameters Stripe knows and this endpoint does not play."""
        for name in self.params:
            if name not in modelled and name not in ("expand", "metadata"):
                raise not_modelled(f"the parameter {name}", param=name)

    def refuse_together(self, first: str, second: str) -> None:
        if first in self.params and second in self.params:
            raise invalid(
                f"You may only specify one of these parameters: {first}, {second}.", param=first
            )


def merged_metadata(current: dict[str, str] | None, changes: Any) -> dict[str, str]:
    """Return metadata after an update: an empty value removes its key, empty removes all."""
    if changes is None:
        return current or {}
    if changes == "":
        return {}
    return {key: text for key, text in {**(current or {}), **changes}.items() if text}
