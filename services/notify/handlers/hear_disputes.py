"""Tell those who run the platform that a bank disputes a charge, while there is time to answer."""

from contracts.events.settlement import Disputed
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.notify.domain.facts import DisputeFacts, Facts
from services.notify.domain.mails import NewMail
from services.notify.handlers.write_mail import write
from services.notify.queries import definitions

log = telemetry.logger(__name__)

WAITS_FOR_US = ("needs_response", "warning_needs_response")


async def tell_operator(conn: Connection, event: Disputed) -> None:
    """Write to the platform's support address, once per dispute, when Stripe waits for us."""
    if event.status not in WAITS_FOR_US:
        return
    platform = await definitions.read_platform(conn)
    if not platform.support_email:
        log.warning("dispute_told_to_nobody", dispute=event.dispute_id)
        return
    await write(
        conn,
        NewMail(
            kind="dispute_notice",
            cause=event.dispute_id,
            campaign=event.campaign,
            address=platform.support_email,
            language=platform.languages[0] if platform.languages else "en",
            facts=Facts(
                currency=event.currency,
                dispute=DisputeFacts(
                    dispute_id=event.dispute_id,
                    reason=event.reason,
                    amount_cents=event.amount_cents,
                    due_at=event.evidence_due_at,
                ),
            ),
        ),
    )
