"""What an operator shows a bank that asks: the consent, the pledge and its history."""

from datetime import datetime
from typing import Any

import msgspec

from contracts.events.checkout import Consent
from contracts.ids import PledgeId
from contracts.refusals import NotFound
from services.chassis.storage.database import Connection
from services.pledges.queries import money, records


class EvidenceLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of a pledge's history: what happened, when, over how much (cents)."""

    type: str
    at: datetime
    status: str
    amount: int | None


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moved: to us, or (negative) from us, in cents."""

    kind: str
    source: str
    cents: int


class Evidence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything the ledger knows about one pledge that a bank may ask for."""

    order_id: PledgeId
    campaign_slug: str
    email: str
    created_at: datetime
    charged_at: datetime | None
    amount: int
    items: tuple[str, ...]
    consent: Consent | None
    shipping_address: Any
    history: tuple[EvidenceLine, ...]
    money: tuple[Movement, ...]


async def read_evidence(conn: Connection, pledge_id: str) -> Evidence:
    """Return the evidence of one pledge. The sentences agreed to are known by their hash."""
    found = await records.read_record(conn, PledgeId(pledge_id))
    if found is None:
        raise NotFound("unknown_pledge", "There is no such pledge.")
    pledge = found.pledge
    moved = [] if pledge.charge_id is None else await money.list_moved(conn, pledge.charge_id)
    return Evidence(
        order_id=pledge.pledge_id,
        campaign_slug=pledge.campaign,
        email=pledge.email,
        created_at=pledge.created_at,
        charged_at=pledge.charged_at,
        amount=pledge.price.total_cents,
        items=tuple(f"{each.label} × {each.quantity}" for each in pledge.lines),
        consent=pledge.consent,
        shipping_address=pledge.shipping_address,
        history=tuple(
            EvidenceLine(
                type=each.entry_type,
                at=each.recorded_at,
                status=each.status,
                amount=each.charged_cents if each.moved_cents is None else each.moved_cents,
            )
            for each in found.history
        ),
        money=tuple(
            Movement(kind=each.kind, source=each.source, cents=each.cents)
            for each in moved
            if each.pledge_id == pledge.pledge_id
        ),
    )
