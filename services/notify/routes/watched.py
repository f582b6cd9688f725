"""Edge: what the dashboard asks of mails. Only through site, with its secrets."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from contracts.api.desk import PersonMails
from contracts.api.operations import MailState, Resent, StuckMails, WebhookState
from contracts.ids import canonical_email
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.chassis.web.guards import Guard
from services.notify.handlers.send_again import send_again
from services.notify.queries import stuck

NUMBER_MAX = 2**63 - 1
Before = Annotated[int, QueryParameter(ge=1, le=NUMBER_MAX)]
Email = Annotated[
    str, QueryParameter(min_length=3, max_length=300, pattern=r"^[^\x00\s]+@[^\x00\s]+$")
]
Pooled = NamedDependency[SkipValidation[Pool]]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]


class ResendRequest(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Who has it sent again."""

    by: Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]


def watched_routes(guard: Guard) -> list[HTTPRouteHandler]:
    """Return the routes behind the operator's guard."""

    @get("/internal/mails", guards=[guard], response_headers=PRIVATE)
    async def mails(pool: Pooled) -> MailState:
        async with transaction(pool) as conn:
            return await stuck.count_mails(conn)

    @get("/internal/webhooks", guards=[guard], response_headers=PRIVATE)
    async def webhooks(pool: Pooled) -> WebhookState:
        async with transaction(pool) as conn:
            return await stuck.count_told(conn)

    @get("/internal/mails/stuck", guards=[guard], response_headers=PRIVATE)
    async def stuck_mails(
        pool: Pooled, before: Before = NUMBER_MAX, limit: Limit = 50
    ) -> StuckMails:
        async with transaction(pool) as conn:
            found = await stuck.list_stuck(conn, before=before, limit=limit + 1)
        page = tuple(found[:limit])
        return StuckMails(mails=page, next_before=page[-1].number if len(found) > limit else None)

    @get("/internal/mails/person", guards=[guard], response_headers=PRIVATE)
    async def mails_of_a_person(email: Email, pool: Pooled) -> PersonMails:
        async with transaction(pool) as conn:
            found = await stuck.list_of_person(conn, canonical_email(email))
        return PersonMails(mails=tuple(found))

    @post("/internal/mails/{mail_id:str}/resend", status_code=200, guards=[guard])
    async def resend(
        mail_id: FromPath[str],
        data: JSONBody[ResendRequest],
        pool: Pooled,
    ) -> Response[Resent]:
        async with transaction(pool) as conn:
            return Response(await send_again(conn, mail_id, done_by=data.by), headers=PRIVATE)

    return [mails, webhooks, stuck_mails, mails_of_a_person, resend]
