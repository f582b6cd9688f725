"""Send lost links again. Whoever asks is answered before anybody is looked for."""

from contracts.events.pledges import LinkedPledge, LinksRenewed
from contracts.ids import supporter_id
from contracts.refusals import InputRefused
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.pledges.queries import closing, links
from services.pledges.queries.links import PER_HOUR_MAX, Opened, Request

BATCH = 50


async def ask_for_links(conn: Connection, email: str) -> None:
    """Write the request down, the same way for every address. Nobody is told who is known."""
    try:
        asked = supporter_id(email)
    except ValueError as exc:
        problem = "is not an e-mail address"
        raise InputRefused(
            "invalid_email", "That is not an e-mail address.", fields={"email": problem}
        ) from exc
    await links.insert_request(conn, asked)


async def send_links(conn: Connection) -> int:
    """Decide about the next requests; return how many."""
    requests = await links.lock_requests(conn, limit=BATCH)
    done: dict[str, int] = {}
    for request in requests:
        recently = request.recently + done.get(request.supporter_id, 0)
        is_sent = await _decide(conn, request, recently=recently)
        done[request.supporter_id] = done.get(request.supporter_id, 0) + is_sent
    if not requests:
        await links.forget(conn)
    return len(requests)


async def _decide(conn: Connection, request: Request, *, recently: int) -> bool:
    if recently >= PER_HOUR_MAX:
        await links.decide(conn, request.request_id, "too_often")
        return False
    opened = await links.list_opened(conn, request.supporter_id)
    if not opened:
        await links.decide(conn, request.request_id, "unknown")
        return False
    generation = await links.renew(conn, request.supporter_id)
    await links.decide(conn, request.request_id, "sent", generation=generation)
    await _tell(conn, request, opened, generation)
    return True


async def _tell(conn: Connection, request: Request, opened: list[Opened], generation: int) -> None:
    newest = opened[0]
    event = LinksRenewed(
        event_id=outbox.new_event_id(),
        occurred_at=await closing.read_clock(conn),
        supporter_id=request.supporter_id,
        generation=generation,
        email=newest.email,
        language=newest.language,
        pledges=tuple(
            LinkedPledge(
                pledge_id=each.pledge_id,
                campaign=each.campaign,
                title=each.title,
                deadline_at=each.deadline_at,
            )
            for each in opened
        ),
    )
    await outbox.append(
        conn,
        event,
        key=newest.campaign,
        aggregate=f"links:{request.supporter_id}",
        version=generation,
    )
