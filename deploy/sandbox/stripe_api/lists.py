"""Stripe's lists: newest first, by cursor, with `has_more`."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api.call import Call
from deploy.sandbox.stripe_api.errors import invalid, missing

LIMIT_DEFAULT = 10
LIMIT_MAX = 100


def of(
    call: Call,
    kind: str,
    *,
    by: str = "",
    where: Callable[[Obj], bool] = lambda obj: True,
) -> Obj:
    """Return one page of `kind`, filtered by the field `by` (a parameter too) and by `where`."""
    params = call.params
    limit = params.get("limit", LIMIT_DEFAULT)
    if not 1 <= limit <= LIMIT_MAX:
        raise invalid(
            f"Invalid limit: must be between 1 and {LIMIT_MAX}",
            param="limit",
            code="parameter_invalid_integer",
        )
    call.refuse_together("starting_after", "ending_before")
    ids: Iterable[str] = call.world.store.newest_first(kind)
    if by and by in params:
        ids = call.world.store.pointing_to(kind, by, params[by])
    matching = _matching(call, kind, _from_cursor(call, kind, ids), by, where)
    page = list(islice(matching, limit + 1))
    has_more, page = len(page) > limit, page[:limit]
    if "ending_before" in params:
        page.reverse()
    return {"object": "list", "url": call.path, "has_more": has_more, "data": page}


def created_matches(wanted: Any, created: int) -> bool:
    """Return whether `created` is what a `created` parameter asks for: an instant or bounds."""
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return created == wanted
    return bool(
        created > wanted.get("gt", -1)
        and created >= wanted.get("gte", 0)
        and created < wanted.get("lt", created + 1)
        and created <= wanted.get("lte", created)
    )


def _from_cursor(call: Call, kind: str, ids: Iterable[str]) -> Iterable[str]:
    """Return the ids beyond the cursor; towards the newer ones for `ending_before`."""
    for param in ("starting_after", "ending_before"):
        cursor = call.params.get(param)
        if cursor is None:
            continue
        if call.world.store.get(kind, cursor) is None:
            raise missing(kind, cursor, param=param)
        if param == "ending_before":
            ids = reversed(list(ids))
        return _after(iter(ids), cursor)
    return ids


def _after(ids: Iterator[str], cursor: str) -> Iterator[str]:
    for object_id in ids:
        if object_id == cursor:
            return ids
    return chain(())


def _matching(
    call: Call, kind: str, ids: Iterable[str], by: str, where: Callable[[Obj], bool]
) -> Iterator[Obj]:
    for object_id in ids:
        obj = call.world.store.get(kind, object_id)
        if obj is None or (by and by in call.params and obj[by] != call.params[by]):
            continue
        if created_matches(call.params.get("created"), obj["created"]) and where(obj):
            yield obj
