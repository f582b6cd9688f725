"""The inbox: every mail that was sent, as a person would see it."""

from collections.abc import Iterator

from litestar import Response, get

from deploy.sandbox.store import Obj
from deploy.sandbox.web import Web, json_response, world_of
from deploy.sandbox.world import World


def mails(world: World, *, to: str = "", subject: str = "") -> Iterator[Obj]:
    """Yield mails, newest first. `to` and `subject` need only be part of what stands there."""
    for mail_id in world.store.newest_first("mail"):
        mail = world.store.get("mail", mail_id)
        if mail is None:
            continue
        everybody = " ".join([*mail["to"], *mail["cc"], *mail["bcc"]]).casefold()
        if to.casefold() in everybody and subject.casefold() in mail["subject"].casefold():
            yield mail


@get("/inbox.json")
async def list_mails(request: Web) -> Response[bytes]:
    query = request.query_params
    found = mails(world_of(request), to=query.get("to", ""), subject=query.get("subject", ""))
    return json_response([_shown(mail) for mail in found])


def _shown(mail: Obj) -> Obj:
    first = ("id", "to", "from", "subject", "html", "text", "headers", "at")
    more = ("cc", "bcc", "reply_to", "tags")
    return {name: mail[name] for name in (*first, *more)}


HANDLERS = [list_mails]
