"""The form for a launch reminder: answered with a page, whose form a script puts in place."""

from typing import Any, NamedTuple

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from contracts.refusals import NotFound
from contracts.routes import KIB, Route
from services.chassis.web.crowd import LANE
from services.site.asking.asker import Caller
from services.site.asking.reminders import Reminders
from services.site.cart.answers import Refused
from services.site.cart.form import CHALLENGE
from services.site.door.admission import Admission
from services.site.door.forms import read_pairs
from services.site.public.language import LANGUAGES, Language, prefix
from services.site.public.reminder import (
    CHALLENGE_LENGTH_MAX,
    EMAIL_LENGTH_MAX,
    ReminderForm,
    answered,
    email_error,
    page_of,
    reminder_form,
)
from services.site.public.render import render_reminder
from services.site.public.state import CampaignState
from services.site.routes.site import Site

PATH = "/campaigns/{slug:str}/remind/"
# Not in the table of the gateway: this form is the site's own, and is answered with a page.
REMIND = Route(
    method="POST",
    path="/campaigns/{slug}/remind/",
    owner="site",
    access="browser",
    body_max=4 * KIB,
    failures_per_minute=20,
)


class Remembering(msgspec.Struct, frozen=True, kw_only=True):
    """What these routes stand on."""

    site: Site
    reminders: Reminders
    admission: Admission


class Wish(NamedTuple):
    """What the form said: an address, and the challenge's answer where there is one."""

    email: str
    challenge: str


def reminder_routes(remembering: Remembering) -> list[HTTPRouteHandler]:
    """Return the form's route in each language."""
    return [_route(remembering, language) for language in LANGUAGES]


def _route(remembering: Remembering, language: Language) -> HTTPRouteHandler:
    async def serve(request: Request[Any, Any, Any]) -> ASGIResponse:
        site = remembering.site
        address = site.proxies.client(request.scope)
        await remembering.admission.require(REMIND, request.headers, address)
        fields = dict(await read_pairs(request))
        state = _state(site, request)
        caller = Caller(address=address, headers=request.headers)
        written = fields.get("email", "").strip()[:EMAIL_LENGTH_MAX]
        wish = Wish(written, fields.get(CHALLENGE, "")[:CHALLENGE_LENGTH_MAX])
        form, status = await _outcome(remembering, state, wish, language, caller)
        await remembering.admission.note(REMIND, address, status)
        body = render_reminder(page_of(state, form, language), site.shelf.frame())
        # A script asked for a drawing, and what is wrong is on it.
        shown = 200 if "scripted" in fields and status < 500 else status
        return _sent(site, body, language, status=shown)

    return post(
        prefix(language) + PATH,
        name=f"reminder-form:{language}",
        request_max_body_size=REMIND.body_max,
        opt={LANE: "notify"},
    )(serve)


async def _outcome(
    remembering: Remembering,
    state: CampaignState,
    wish: Wish,
    language: Language,
    caller: Caller,
) -> tuple[ReminderForm, int]:
    written = wish.email
    stage = state.stage_at(remembering.site.clock.now())
    form = reminder_form(state, stage, language)
    if form is None:
        empty = ReminderForm(slug=state.slug, url="")
        return answered(empty, written, Refused(status=409, error="not_upcoming"), language)
    error = email_error(written, language)
    if error:
        return msgspec.structs.replace(form, email=written, error=error), 400
    refused = await remembering.reminders.sign_up(
        state.slug, written, language, caller, challenge=wish.challenge
    )
    return answered(form, written, refused, language)


def _state(site: Site, request: Request[Any, Any, Any]) -> CampaignState:
    state = site.world.state(str(request.path_params["slug"]))
    if state is None:
        raise NotFound("not_found", "There is no such campaign.")
    return state


def _sent(site: Site, body: bytes, language: Language, *, status: int) -> ASGIResponse:
    headers = {
        "cache-control": "private, no-store",
        "content-language": language,
        "content-security-policy": site.policy.page(pays=False, challenges=True),
        # A form on a page without a referrer has no origin, and would be nobody's.
        "referrer-policy": "same-origin",
        "x-robots-tag": "noindex, nofollow",
    }
    if status in (429, 503):
        headers["retry-after"] = "60"
    return ASGIResponse(body=body, status_code=status, media_type="text/html", headers=headers)
