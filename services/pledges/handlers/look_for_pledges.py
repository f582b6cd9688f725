"""Show the dashboard pledges in pages, and a person's whole story by one of them."""

from datetime import datetime

import msgspec

from contracts.api.desk import (
    LinksSent,
    PledgeOrder,
    PledgePage,
    PledgeRow,
    Story,
    StoryLine,
    StoryMoney,
    StoryPledge,
)
from contracts.ids import PledgeId, is_pseudonym
from contracts.refusals import InputRefused, NotFound, StateRefused
from services.chassis.events.parked import note_action
from services.chassis.storage.database import Connection
from services.pledges.handlers.send_links import ask_for_links
from services.pledges.queries import money, pledge_list, records
from services.pledges.queries.pledge_list import Place, Wanted
from services.pledges.queries.records import WholeRecord

SEPARATOR = "~"
PLEDGES_MAX = 50


async def look_for_pledges(conn: Connection, wanted: Wanted) -> PledgePage:
    """Return a page, and where the next one begins."""
    only = None
    if wanted.words:
        only = await pledge_list.find_few(conn, wanted.campaigns, wanted.words)
    more = msgspec.structs.replace(wanted, limit=wanted.limit + 1, only=only)
    found = await pledge_list.list_pledges(conn, more)
    page = tuple(found[: wanted.limit])
    following = _place_of(page[-1], wanted.order) if len(found) > len(page) else None
    return PledgePage(pledges=page, next_after=following)


def read_place(text: str, order: PledgeOrder) -> Place | None:
    """Return where a page begins, as the page before said it; None for the first."""
    if not text:
        return None
    value, separator, pledge_id = text.rpartition(SEPARATOR)
    try:
        if not separator or not pledge_id:
            raise ValueError
        match order:
            case "created":
                return Place(datetime.fromisoformat(value), pledge_id)
            case "amount":
                return Place(_cents(value), pledge_id)
            case "email":
                return Place(value, pledge_id)
    except ValueError as exc:
        raise InputRefused(
            "invalid_input", "This is no page.", fields={"after": "is no page"}
        ) from exc


async def read_story(conn: Connection, pledge_id: str) -> Story:
    """Return everything of the person whose pledge this is."""
    found = await records.read_record(conn, PledgeId(pledge_id))
    if found is None:
        raise NotFound("unknown_pledge", "There is no such pledge.")
    ids = await records.list_ids_of(conn, found.pledge.supporter_id)
    told = [found]
    for each in ids[:PLEDGES_MAX]:
        other = None if each == pledge_id else await records.read_record(conn, each)
        if other is not None:
            told.append(other)
    told.sort(key=lambda record: (record.pledge.created_at, record.pledge.pledge_id))
    address = found.pledge.shipping_address
    return Story(
        email=found.pledge.email,
        name=address.name if address else "",
        language=found.pledge.language,
        is_erased=is_pseudonym(found.pledge.email),
        pledges=tuple([await _told(conn, each) for each in told]),
    )


async def send_links_to(conn: Connection, pledge_id: str, *, done_by: str) -> LinksSent:
    """Ask for the links of a pledge's owner, as they themselves could: it goes out as often.

    Raises `StateRefused` for whoever was erased: nobody knows their address any more.
    """
    found = await records.read_record(conn, PledgeId(pledge_id))
    if found is None:
        raise NotFound("unknown_pledge", "There is no such pledge.")
    if is_pseudonym(found.pledge.email):
        raise StateRefused("erased", "This person was erased: there is no address any more.")
    await ask_for_links(conn, found.pledge.email)
    await note_action(conn, "links_asked", done_by, {"pledge_id": pledge_id})
    return LinksSent(email=found.pledge.email)


async def _told(conn: Connection, record: WholeRecord) -> StoryPledge:
    pledge = record.pledge
    moved = [] if pledge.charge_id is None else await money.list_dated(conn, pledge.pledge_id)
    return StoryPledge(
        order_id=pledge.pledge_id,
        campaign_slug=pledge.campaign,
        status=pledge.status,
        amount=pledge.price.total_cents,
        created_at=pledge.created_at,
        charged_at=pledge.charged_at,
        items=tuple(f"{each.label} × {each.quantity}" for each in pledge.lines),
        card=f"{pledge.card.brand} {pledge.card.last4}",
        history=tuple(
            StoryLine(
                type=each.entry_type,
                at=each.recorded_at,
                status=each.status,
                amount=each.charged_cents if each.moved_cents is None else each.moved_cents,
            )
            for each in record.history
        ),
        money=tuple(StoryMoney(kind=each.kind, at=each.at, cents=each.cents) for each in moved),
    )


def _place_of(row: PledgeRow, order: PledgeOrder) -> str:
    value = {"created": row.created_at.isoformat(), "amount": row.amount, "email": row.email}[order]
    return f"{value}{SEPARATOR}{row.order_id}"


def _cents(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise ValueError
    return int(text)
