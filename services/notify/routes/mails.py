"""Edge: what operators and recipients may read about mails. The gateway stands before it."""

from datetime import datetime

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, SkipValidation

from contracts.api.notify import OwnMails
from contracts.magic_link import Keys
from services.chassis.process.settings import Secret
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.chassis.web.guards import bearer_guard
from services.notify.handlers.list_own_mails import list_own_mails
from services.notify.queries import overview


class MailShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A mail as a bank may ask for it: what it was about, to whom, and when it went."""

    mail_id: str
    kind: str
    address: str
    language: str
    written_at: datetime
    status: str
    sent_at: datetime | None
    resend_id: str | None


@get("/pledge/mails", response_headers=PRIVATE)
async def own_mails(
    pool: NamedDependency[SkipValidation[Pool]],
    clock: NamedDependency[SkipValidation[PlatformClock]],
    link_keys: NamedDependency[SkipValidation[Keys]],
    token: FromQuery[str | None] = None,
) -> OwnMails:
    async with transaction(pool) as conn:
        return await list_own_mails(conn, token, link_keys, now=clock.now())


def operator_routes(secret: Secret) -> list[HTTPRouteHandler]:
    """Return the routes of operators."""

    @get("/admin/mails/{order_id:str}", guards=[bearer_guard(secret)], response_headers=PRIVATE)
    async def mails_of_a_pledge(
        order_id: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
    ) -> list[MailShown]:
        rows = await overview.list_mails_of(pool, order_id)
        return [msgspec.convert(row, MailShown) for row in rows]

    return [mails_of_a_pledge]
