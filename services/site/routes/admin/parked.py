"""Parked events: looked at, tried again, corrected, given up. Each is done once, and noted."""

from typing import Any

from litestar.response.base import ASGIResponse

from contracts.api.operations import ParkedPage, Retried
from contracts.refusals import InputRefused
from services.site.admin.audit import read_before
from services.site.admin.operating import pretty
from services.site.asking.watch import SERVICES, read_key
from services.site.desks.dashboard import Visit, Work
from services.site.routes.admin.noting import done_by, write_down

WHY_MAX = 500


async def show_all(visit: Visit) -> ASGIResponse:
    """Show what is parked: at every service, or behind a number at one of them."""
    chosen = visit.asked.get("service", "")
    pages: dict[str, ParkedPage | None]
    if chosen in SERVICES:
        after = read_before(visit.asked.get("after", "") or "0")
        pages = {chosen: await visit.dash.watch.page_parked(chosen, after, visit.caller)}
    else:
        pages = await visit.dash.watch.list_parked(visit.caller)
    return visit.page("parked", pages=pages)


async def show_one(visit: Visit) -> ASGIResponse:
    """Show an event with what is in it, as it came or as it was corrected."""
    key = read_key(visit.key)
    found = await visit.dash.watch.find(key, visit.caller)
    typed = visit.one("payload") if visit.trouble else ""
    return visit.page(
        "parked_one",
        key=visit.key,
        service=key[0],
        found=found,
        text=typed or pretty(found.payload or ""),
        because=visit.one("because") if visit.trouble else "",
    )


async def retry(visit: Visit) -> ASGIResponse:
    """Have an event applied once more."""
    done = await visit.dash.watch.retry(read_key(visit.key), visit.user.email, visit.caller)
    await write_down(visit, done_by(visit, "parked_retried", visit.key, outcome=_outcome(done)))
    return _back(visit, done)


async def fix(visit: Visit) -> ASGIResponse:
    """Keep a correction, then have it applied. Sent twice, it is kept once and applied once."""
    key, by, caller = read_key(visit.key), visit.user.email, visit.caller
    digest = visit.one("digest")
    await visit.dash.watch.fix(key, visit.one("payload"), digest, by, caller)
    await write_down(visit, done_by(visit, "parked_fixed", visit.key, before=digest))
    done = await visit.dash.watch.retry(key, by, caller)
    await write_down(visit, done_by(visit, "parked_retried", visit.key, outcome=_outcome(done)))
    return _back(visit, done)


async def give_up(visit: Visit) -> ASGIResponse:
    """Let an event never be applied, for a reason."""
    key, because = read_key(visit.key), visit.one("because")
    if not because or len(because) > WHY_MAX:
        raise InputRefused("invalid_input", "Say why.", fields={"because": "Say why."})
    done = await visit.dash.watch.give_up(key, because, visit.user.email, visit.caller)
    note: dict[str, Any] = {"because": because, "outcome": _outcome(done)}
    await write_down(visit, done_by(visit, "parked_given_up", visit.key, **note))
    return visit.go(f"operations/parked/{visit.key}/", done="parked-given-up")


def _back(visit: Visit, done: list[Retried]) -> ASGIResponse:
    is_applied = not done[0].error
    said = "parked-applied" if is_applied else "parked-failed"
    return visit.go(f"operations/parked/{visit.key}/", done=said)


def _outcome(done: list[Retried]) -> str:
    return ", ".join(each.outcome for each in done)


WORKS: dict[str, Work] = {
    "operations.parked": show_all,
    "operations.event": show_one,
    "operations.retry": retry,
    "operations.fix": fix,
    "operations.give_up": give_up,
}
