"""Events: what happened, listed whether or not it could be delivered."""

from fnmatch import fnmatchcase

from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import lists
from deploy.sandbox.stripe_api.call import Call
from deploy.sandbox.stripe_api.errors import invalid
from deploy.sandbox.world import World

KEPT_SECONDS = 30 * 86_400
TYPES_MAX = 20


def retrieve(call: Call) -> Obj:
    return with_deliveries(call.world, call.find("event", call.id))


def list_(call: Call) -> Obj:
    params = call.params
    call.refuse_together("type", "types")
    wanted = params.get("types", [params.get("type", "*")])
    if len(wanted) > TYPES_MAX:
        raise invalid(f"types: can hold at most {TYPES_MAX} types.", param="types")
    oldest = call.now - KEPT_SECONDS
    success = params.get("delivery_success")

    def is_wanted(event: Obj) -> bool:
        return (
            event["created"] >= oldest
            and any(fnmatchcase(event["type"], pattern) for pattern in wanted)
            and success in (None, pending(call.world, event["id"]) == 0)
        )

    page = lists.of(call, "event", where=is_wanted)
    page["data"] = [with_deliveries(call.world, event) for event in page["data"]]
    return page


def with_deliveries(world: World, event: Obj) -> Obj:
    """Return the event with the number of deliveries that are still to succeed."""
    return {**event, "pending_webhooks": pending(world, event["id"])}


def pending(world: World, event_id: str) -> int:
    delivery = world.store.get("delivery", event_id)
    return int(delivery is not None and delivery["state"] != "delivered")
