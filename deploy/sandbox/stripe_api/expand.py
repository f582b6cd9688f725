"""`expand[]`: ids in an answer replaced by the objects they name."""

from typing import Any

from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api.errors import invalid
from deploy.sandbox.world import World, public

DEPTH_MAX = 4

_KIND_OF_PREFIX = {
    "cus": "customer",
    "pm": "payment_method",
    "seti": "setup_intent",
    "setatt": "setup_attempt",
    "pi": "payment_intent",
    "ch": "charge",
    "txn": "balance_transaction",
    "re": "refund",
    "du": "dispute",
    "cs": "checkout.session",
}
# These hold ids of things that can be put in their place; a charge's own card cannot.
_EXPANDABLE = frozenset(
    {
        "customer",
        "payment_method",
        "setup_intent",
        "latest_attempt",
        "payment_intent",
        "latest_charge",
        "charge",
        "balance_transaction",
        "failure_balance_transaction",
        "source",
        "default_payment_method",
    }
)


def expand(world: World, answer: Obj, paths: list[str]) -> Obj:
    """Return `answer` with every path expanded. Our own notes never leave."""
    answer = _public(answer)
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEPTH_MAX:
            raise invalid(
                f"You cannot expand more than {DEPTH_MAX} levels of a property.", param="expand"
            )
        _expand(world, answer, steps, path)
    return answer


def _public(answer: Obj) -> Obj:
    if answer.get("object") == "list":
        return {**answer, "data": [public(obj) for obj in answer["data"]]}
    return public(answer)


def _expand(world: World, node: Any, steps: list[str], path: str) -> None:
    if not steps or node is None:
        return
    if isinstance(node, list):
        for item in node:
            _expand(world, item, steps, path)
        return
    step, rest = steps[0], steps[1:]
    if not isinstance(node, dict) or step not in node:
        raise _impossible(path)
    value = node[step]
    if isinstance(value, str):
        if step not in _EXPANDABLE or (step == "payment_method" and node.get("object") == "charge"):
            raise _impossible(path)
        kind = _KIND_OF_PREFIX.get(value.split("_")[0], "")
        found = world.store.get(kind, value)
        if found is None:
            return
        node[step] = value = public(found)
    elif not rest and value is not None and not isinstance(value, dict | list):
        raise _impossible(path)
    _expand(world, value, rest, path)


def _impossible(path: str) -> Exception:
    return invalid(
        f"This property cannot be expanded ({path}).", param="expand", code="parameter_invalid"
    )
