"""Inviting somebody to the dashboard with the operator's secret: how the first user comes in."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler

from contracts.routes import Route
from services.chassis.storage.database import transaction
from services.chassis.web.body import decode, require_json
from services.site.admin.access import wanted_user
from services.site.admin.handlers import people
from services.site.admin.table import route_named
from services.site.desks.foundation import Dashboard
from services.site.door.proxy import read_body

INVITE = Route(
    method="POST", path="/admin/invitations", owner="site", access="admin", failures_per_minute=5
)
Text = Annotated[str, msgspec.Meta(max_length=254)]


class Invitation(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who is to come in, with which rights."""

    email: Text
    role: Literal["super", "campaign"] = "super"
    campaigns: Annotated[tuple[Text, ...], msgspec.Meta(max_length=100)] = ()
    language: Literal["en", "es"] = "en"


class Invited(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who was invited, and the link of the mail, should that not arrive."""

    email: str
    role: str
    campaigns: tuple[str, ...]
    sign_in_url: str


def invite_route(dash: Dashboard, site_base: str) -> HTTPRouteHandler:
    """Return `POST /admin/invitations`."""

    @post(INVITE.path, status_code=200)
    async def invite(request: Request[Any, Any, Any]) -> Invited:
        """Let somebody in, and mail them a link."""
        client = dash.client_of(request.scope)
        await dash.admission.require(INVITE, request.headers, client)
        # Read by hand: a stranger hears that the secret is missing, not what a body is like.
        headers = request.headers
        require_json(headers.get("content-type", ""), headers.get("content-encoding"))
        data: Invitation = decode(await read_body(request), Invitation)
        wanted = wanted_user(data.email, data.role, data.campaigns, dash.titles())
        async with transaction(dash.pool) as conn:
            token = await people.invite(conn, wanted, data.language, by=people.OPERATOR)
        return Invited(
            email=wanted.email,
            role=wanted.role,
            campaigns=wanted.campaigns,
            sign_in_url=f"{site_base}{route_named('sign_in').path}/?t={token}",
        )

    return invite
