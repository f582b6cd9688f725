"""Lease the mails whose turn it is, and record what became of each attempt."""

from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.notify.domain.mails import Accepted, Batch, Mail, Outcome, Step, StepStatus, next_step
from services.notify.queries import definitions, mails

log = telemetry.logger(__name__)


async def lease_mails(conn: Connection, *, limit: int, lease_seconds: float) -> Batch:
    """Return mails that are this sender's until the lease ends, and what they mention.

    A mail whose first attempt Resend may have forgotten is not offered again by itself:
    it is parked, where an operator finds it.
    """
    claimed = await mails.claim_due_mails(conn, limit=limit, lease_seconds=lease_seconds)
    for mail in claimed:
        if mail.is_overdue:
            await mails.advance_mail(conn, mail, Step(status="parked", edition=mail.edition))
            log.error("mail_parked", mail=mail.mail_id, kind=mail.kind)
    ready = tuple(mail for mail in claimed if not mail.is_overdue)
    return Batch(
        mails=ready,
        campaigns=await definitions.list_campaigns(
            conn, sorted({slug for mail in ready for slug in mail.mentioned})
        ),
        platform=await definitions.read_platform(conn),
    )


async def record_outcome(conn: Connection, mail: Mail, outcome: Outcome) -> StepStatus:
    """Append the outcome of one attempt and move the mail on; return its new status."""
    step = next_step(mail, outcome)
    await mails.append_delivery(conn, mail, outcome)
    if isinstance(outcome, Accepted):
        await mails.finish_mail(conn, mail, resend_id=outcome.resend_id)
    else:
        await mails.advance_mail(conn, mail, step)
    return step.status


async def give_back(conn: Connection, mail: Mail, *, delay_seconds: float) -> None:
    """Put a leased mail back that nobody was asked to send: it costs no attempt."""
    await mails.return_mail(conn, mail, delay_seconds=delay_seconds)
