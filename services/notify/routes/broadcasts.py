"""Edge: what operators say to many. Scripts and the dashboard ask alike."""

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, SkipValidation

from contracts.refusals import NotFound
from services.chassis.process.settings import Secret
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.chassis.web.guards import bearer_guard
from services.notify.domain.bodies import (
    AnnouncementRequest,
    Broadcasted,
    DiaryChecked,
    DiaryCheckRequest,
    DiaryRequest,
    MilestoneRequest,
    MilestonesChecked,
    SentToOne,
)
from services.notify.handlers import announce, make_news
from services.notify.handlers.announce import diary_checked, milestones_checked
from services.notify.handlers.broadcasting import require_campaign
from services.notify.queries import broadcasts
from services.notify.queries.broadcasts import Progress


def broadcast_routes(secret: Secret) -> list[HTTPRouteHandler]:
    """Return the routes by which news is sent, rehearsed and watched."""
    how: dict[str, Any] = {"guards": [bearer_guard(secret)], "response_headers": PRIVATE}
    return [*_by_hand(how), *_by_itself(how)]


def _by_hand(how: dict[str, Any]) -> list[HTTPRouteHandler]:
    @post("/admin/broadcast/announcement", status_code=200, **how)
    async def announcement(
        data: JSONBody[AnnouncementRequest], pool: NamedDependency[SkipValidation[Pool]]
    ) -> Broadcasted | SentToOne:
        async with transaction(pool) as conn:
            return await announce.announce(conn, data)

    @post("/admin/broadcast/diary", status_code=200, **how)
    async def diary(
        data: JSONBody[DiaryRequest], pool: NamedDependency[SkipValidation[Pool]]
    ) -> Broadcasted:
        async with transaction(pool) as conn:
            return await announce.tell_diary_entry(conn, data)

    @post("/admin/broadcast/milestone", status_code=200, **how)
    async def milestone(
        data: JSONBody[MilestoneRequest], pool: NamedDependency[SkipValidation[Pool]]
    ) -> Broadcasted:
        async with transaction(pool) as conn:
            return await announce.tell_milestone(conn, data)

    return [announcement, diary, milestone]


def _by_itself(how: dict[str, Any]) -> list[HTTPRouteHandler]:
    @post("/admin/diary/check", status_code=200, **how)
    async def check_diary(
        data: JSONBody[DiaryCheckRequest], pool: NamedDependency[SkipValidation[Pool]]
    ) -> DiaryChecked:
        async with transaction(pool) as conn:
            if data.campaign_slug is not None:
                await require_campaign(conn, data.campaign_slug)
            told = await make_news.tell_diary(conn, data.campaign_slug)
        return diary_checked(told)

    @post("/admin/milestone-check/{slug:str}", status_code=200, **how)
    async def check_milestones(
        slug: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
    ) -> MilestonesChecked:
        async with transaction(pool) as conn:
            await require_campaign(conn, slug)
            found = await make_news.tell_milestones(conn, slug)
        return milestones_checked(slug, found)

    @get("/admin/broadcasts/{broadcast_id:str}", **how)
    async def progress(
        broadcast_id: FromPath[str], pool: NamedDependency[SkipValidation[Pool]]
    ) -> Progress:
        found = await broadcasts.read_progress(pool, broadcast_id)
        if found is None:
            raise NotFound("not_found", "There is no such broadcast.")
        return found

    return [check_diary, check_milestones, progress]
