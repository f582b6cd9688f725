"""The inbox: every mail that was sent, as a person would see it."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath

from deploy.sandbox.frames import page_csp, templates
from deploy.sandbox.resend_api import ResendAPI
from deploy.sandbox.store import Obj
from deploy.sandbox.web import Web, html_response, json_response, world_of
from deploy.sandbox.world import World

PAGE_LENGTH = 50
_VIEWS = (("html", "HTML"), ("text", "Text"), ("headers", "Headers"))

# A mail is somebody else's page: it may be looked at, and its links open outside.
_MAIL_CSP = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src * data:;"
    " style-src 'unsafe-inline'; font-src * data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)


def mails(world: World, *, to: str = "", subject: str = "") -> Iterator[Obj]:
    """Yield mails, newest first.

    `subject` is part of the subject; `to` is a whole address, or else part of one: asking for
    ana@example.org must not find susana@example.org.
    """
    wanted = to.strip().casefold()
    for mail_id in world.store.newest_first("mail"):
        mail = world.store.get("mail", mail_id)
        if mail is None:
            continue
        everybody = [each.casefold() for name in ("to", "cc", "bcc") for each in mail[name]]
        is_to = any(_is_recipient(wanted, each) for each in everybody)
        if is_to and subject.casefold() in mail["subject"].casefold():
            yield mail


def _is_recipient(wanted: str, recipient: str) -> bool:
    if "@" in wanted.strip("@"):
        return wanted == recipient.rpartition("<")[2].rstrip("> ")
    return wanted in recipient


@get("/inbox.json")
async def list_mails(request: Web) -> Response[bytes]:
    query = request.query_params
    found = mails(world_of(request), to=query.get("to", ""), subject=query.get("subject", ""))
    return json_response([_shown(mail) for mail in found])


@get("/inbox/tally.json")
async def count_mails(request: Web) -> Response[bytes]:
    """How many came and how often, of all there ever were: `/inbox.json` lists every one."""
    api: ResendAPI = request.app.state.resend
    return json_response(api.tally.shown())


@get("/inbox")
async def show_inbox(request: Web) -> Response[str]:
    world = world_of(request)
    query = request.query_params
    to = query.get("to", "")
    page = _page_number(query.get("page", "1"))
    start = (page - 1) * PAGE_LENGTH
    found = list(islice(mails(world, to=to), start, start + PAGE_LENGTH + 1))
    chosen = world.store.get("mail", query.get("id", ""))
    mail = chosen or (found[0] if found else None)
    view = query.get("view", "html")
    html = templates.get_template("inbox.html").render(
        site_base=world.settings.site_base,
        mails=found[:PAGE_LENGTH],
        has_more=len(found) > PAGE_LENGTH,
        page=page,
        to=to,
        mail=mail,
        is_chosen=chosen is not None,
        view=view if view in dict(_VIEWS) else "html",
        views=_VIEWS,
        headers=_headers(mail) if mail else [],
        link=_linker(to=to, page=page),
    )
    return html_response(html, csp=page_csp("frame-src 'self'"))


@get("/inbox/{name:str}")
async def show_html(request: Web, name: FromPath[str]) -> Response[str]:
    mail = world_of(request).store.get("mail", name.removesuffix(".html"))
    if mail is None:
        return Response("No such mail", status_code=404, media_type="text/plain")
    # Links leave the frame, which may not be navigated, for a tab of their own.
    return html_response('<base target="_blank">' + mail["html"], csp=_MAIL_CSP)


def _linker(**always: Any) -> Callable[..., str]:
    """Return a function that builds a query of what differs from the plain inbox."""

    def link(**more: Any) -> str:
        query = {**always, **more}
        plain = {"page": 1, "to": "", "view": "html"}
        return urlencode({name: v for name, v in query.items() if plain.get(name) != v})

    return link


def _page_number(text: str) -> int:
    return int(text) if text.isdecimal() and 1 <= int(text) <= 100_000 else 1


def _headers(mail: Obj) -> list[tuple[str, str]]:
    lists = (("To", "to"), ("Cc", "cc"), ("Bcc", "bcc"), ("Reply-To", "reply_to"))
    shown = [("From", mail["from"])]
    shown += [(words, ", ".join(mail[name])) for words, name in lists if mail[name]]
    shown += [("Subject", mail["subject"]), ("Date", mail["at"])]
    shown += list(mail["headers"].items())
    shown += [(f"Tag {tag['name']}", tag["value"]) for tag in mail["tags"]]
    shown += [("Attachment", str(each.get("filename", "?"))) for each in mail["attachments"]]
    return shown


def _shown(mail: Obj) -> Obj:
    first = ("id", "to", "from", "subject", "html", "text", "headers", "at")
    more = ("cc", "bcc", "reply_to", "tags", "attachments")
    shown = {name: mail[name] for name in (*first, *more)}
    return {**shown, "received_at": mail.get("received_at", mail["at"])}


HANDLERS = [list_mails, count_mails, show_inbox, show_html]
