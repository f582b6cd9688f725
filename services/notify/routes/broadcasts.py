"""Edge: what operators say to many. Scripts and the dashboard ask alike."""

from typing import Annotated, Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from contracts.api.notify import (
    Broadcasted,
    BroadcastHistory,
    LetterPreview,
    Progress,
    SentToOne,
)
from contracts.refusals import NotFound
from services.chassis.process.settings import Secret
from services.chassis.storage.database import Pool, transaction
from services.chassis.web.errors import PRIVATE
from services.chassis.web.guards import bearer_guard
from services.notify.domain.bodies import (
    AnnouncementRequest,
    DiaryChecked,
    DiaryCheckRequest,
    DiaryRequest,
    MilestoneRequest,
    MilestonesChecked,
)
from services.notify.domain.letters import Letters
from services.notify.handlers import announce, make_news
from services.notify.handlers.announce import diary_checked, milestones_checked
from services.notify.handlers.broadcasting import require_campaign
from services.notify.queries import broadcasts

Slug = Annotated[str, QueryParameter(name="campaignSlug", max_length=300)]


def broadcast_routes(secret: Secret, letters: Letters) -> list[HTTPRouteHandler]:
    """Return the routes by which news is sent, rehearsed and watched."""
    how: dict[str, Any] = {"guards": [bearer_guard(secret)], "response_headers": PRIVATE}
    return [*_by_hand(how), *_by_itself(how), *_looked_at(how, letters)]


def _looked_at(how: dict[str, Any], letters: Letters) -> list[HTTPRouteHandler]:
    @post("/admin/broadcast/preview", status_code=200, **how)
    async def preview(
        data: JSONBody[AnnouncementRequest], pool: NamedDependency[SkipValidation[Pool]]
    ) -> LetterPreview:
        async with transaction(pool) as conn:
            return await announce.preview(conn, letters, data)

    @get("/admin/broadcasts", **how)
    async def history(slug: Slug, pool: NamedDependency[SkipValidation[Pool]]) -> BroadcastHistory:
        async with transaction(pool) as conn:
            campaign = await require_campaign(conn, slug)
            found = await broadcasts.list_broadcasts(conn, campaign.slug)
        return BroadcastHistory(campaign_slug=campaign.slug, broadcasts=tuple(found))

    return [preview, history]


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
