"""Edge: who wants to be told of what. A link that is only followed changes nothing."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody, SkipValidation

from contracts.api.notify import Preference
from contracts.magic_link import Keys
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.challenge import Challenge
from services.chassis.web.errors import PRIVATE
from services.notify.domain.bodies import Reminded, ReminderRequest
from services.notify.domain.news import Topic
from services.notify.domain.one_click import ONE_CLICK, pairs_of
from services.notify.handlers.preferring import open_wish, prefer, read_preference
from services.notify.steps.sign_up import sign_up


@post("/launch-reminders", status_code=200, response_headers=PRIVATE)
async def remind(
    data: JSONBody[ReminderRequest],
    pool: NamedDependency[SkipValidation[Pool]],
    challenge: NamedDependency[SkipValidation[Challenge]],
) -> Reminded:
    return await sign_up(pool, challenge, data)


def wish_routes(path: str, topic: Topic) -> list[HTTPRouteHandler]:
    """Return the two routes of a link that unsubscribes from a topic.

    GET tells how things stand. POST ends it: by a mail client in one click (RFC 8058), or by
    a form of ours, which may take it back.
    """

    @get(path, response_headers=PRIVATE)
    async def show(
        pool: NamedDependency[SkipValidation[Pool]],
        clock: NamedDependency[SkipValidation[PlatformClock]],
        link_keys: NamedDependency[SkipValidation[Keys]],
        t: FromQuery[str | None] = None,
    ) -> Preference:
        wish = open_wish(t, topic, link_keys, now=clock.now())
        async with transaction(pool) as conn:
            return await read_preference(conn, wish)

    @post(path, status_code=200, response_headers=PRIVATE)
    async def change(
        request: Request[Any, Any, Any],
        *,
        pool: NamedDependency[SkipValidation[Pool]],
        clock: NamedDependency[SkipValidation[PlatformClock]],
        link_keys: NamedDependency[SkipValidation[Keys]],
        t: FromQuery[str | None] = None,
        subscribe: FromQuery[str | None] = None,
    ) -> Response[Preference | str]:
        pairs = pairs_of(await request.body(), request.headers.get("content-type", ""))
        token = t or pairs.get("t")
        wish = open_wish(token, topic, link_keys, now=clock.now())
        wants_it = (pairs.get("subscribe") or subscribe) == "1"
        async with transaction(pool) as conn:
            await prefer(conn, wish, wants_it=wants_it)
            told = await read_preference(conn, wish)
        if pairs.get(ONE_CLICK[0]) == ONE_CLICK[1]:
            # The client of a mail reads nothing: plainly done.
            return Response("", status_code=200, media_type="text/plain")
        return Response(told, status_code=200)

    return [show, change]


WISHES = [
    remind,
    *wish_routes("/campaign-email/unsubscribe", "news"),
    *wish_routes("/launch-reminders/unsubscribe", "launch"),
]
