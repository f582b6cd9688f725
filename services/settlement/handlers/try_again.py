"""Send a declined charge again: the same PaymentIntent, a further attempt, the newest card."""

from contracts.ids import ChargeId
from services.chassis.storage.database import Connection
from services.settlement.domain import charging
from services.settlement.domain.recovery import AttemptKind
from services.settlement.handlers.take_requests import queue
from services.settlement.queries import attempts
from services.settlement.queries import recovery as queries
from services.settlement.queries.recovery import Retry
from services.settlement.queries.rounds import Queued

RETRIES_MAX = 100


async def try_again(conn: Connection, charge_id: ChargeId, kind: AttemptKind) -> bool:
    """Send this charge again now; False when it is not declined, or its window is over."""
    retries = await queries.start_retries(conn, charge_id=charge_id, limit=1)
    for retry in retries:
        await _begin(conn, retry, kind)
    return bool(retries)


async def try_due_again(conn: Connection) -> int:
    """Send again what our calendar says; return how many."""
    retries = await queries.start_retries(conn, limit=RETRIES_MAX)
    for retry in retries:
        await _begin(conn, retry, "automatic")
    return len(retries)


async def _begin(conn: Connection, retry: Retry, kind: AttemptKind) -> None:
    parameters = charging.confirm_parameters(retry.payment_method_id)
    await attempts.insert_attempt(conn, retry.charge_id, kind, parameters, state="sending")
    await queue(conn, Queued(retry.charge_id, retry.campaign, retry.version))
