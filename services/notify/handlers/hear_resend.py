"""What Resend tells of a mail after it took it: addresses that bounce hear no more news."""

from typing import Any

import msgspec
from prometheus_client import Counter

from contracts.ids import supporter_id
from contracts.refusals import InputRefused
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.notify.queries import audiences

log = telemetry.logger(__name__)

HEARD = Counter(
    "notify_resend_events",
    "What Resend told of mails, by what happened.",
    ("happened",),
    registry=telemetry.REGISTRY,
)
KNOWN = {
    "email.delivered": "delivered",
    "email.delivery_delayed": "delayed",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.suppressed": "suppressed",
    "email.failed": "failed",
}
PERMANENT = "permanent"


class Bounce(msgspec.Struct, frozen=True):
    """How an address bounced."""

    type: str = ""
    sub_type: str = msgspec.field(default="", name="subType")
    message: str = ""


class Subject(msgspec.Struct, frozen=True):
    """The mail that it is about."""

    email_id: str = ""
    to: list[str] | str = msgspec.field(default_factory=list)
    bounce: Bounce = Bounce()


class Told(msgspec.Struct, frozen=True):
    """One telling of Resend's."""

    type: str
    data: Subject = Subject()


async def hear_resend(conn: Connection, event_id: str, payload: dict[str, Any]) -> None:
    """Keep what happened to a mail, once however often it is told.

    A permanent bounce, a complaint or Resend's own suppression end all news to the address;
    mails about a person's own pledge are still tried.
    """
    try:
        told = msgspec.convert(payload, Told)
    except msgspec.ValidationError as exc:
        raise InputRefused("invalid_input", "This is no event of Resend's.") from exc
    happened = KNOWN.get(told.type)
    if happened is None:
        return
    detail = f"{told.data.bounce.type} {told.data.bounce.sub_type}".strip()[:200]
    is_new = await audiences.insert_resend_event(
        conn,
        event_id=event_id,
        resend_id=told.data.email_id,
        happened=happened,
        detail=detail,
    )
    if not is_new:
        return
    HEARD.labels(happened).inc()
    is_for_good = happened != "bounced" or told.data.bounce.type.lower() == PERMANENT
    if happened in ("bounced", "complained", "suppressed") and is_for_good:
        await _suppress(conn, told, happened)


async def _suppress(conn: Connection, told: Told, reason: str) -> None:
    recipient = await audiences.read_recipient(conn, told.data.email_id)
    addresses = [told.data.to] if isinstance(told.data.to, str) else told.data.to
    for address in (recipient, *addresses):
        try:
            await audiences.suppress(conn, supporter_id(address), reason)
        except ValueError:
            continue
    log.info("address_suppressed", reason=reason, resend_id=told.data.email_id)
