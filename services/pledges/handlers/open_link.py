"""Let the holder of a magic link in: to their own pledge, and to nothing else."""

from collections.abc import Mapping
from datetime import datetime

from contracts import magic_link
from contracts.ids import ORDER_PATTERN
from contracts.magic_link import MagicLink
from contracts.refusals import InputRefused, NotFound

Keys = Mapping[str, bytes]


def open_link(token: str | None, keys: Keys, *, now: datetime) -> MagicLink:
    """Return what a link says. Raises `LinkRefused`, alike for every fault of a link."""
    if not token:
        raise InputRefused(
            "missing_token", "The link is incomplete.", fields={"token": "is missing"}
        )
    link = magic_link.verify(token, keys, now=now, scope=magic_link.PLEDGE_SCOPE)
    if not ORDER_PATTERN.fullmatch(link.order_id):
        # Nobody's pledge is called so, and a database need not be asked about a NUL.
        raise no_such_pledge()
    return link


def no_such_pledge() -> NotFound:
    """Return the refusal for a valid link whose pledge is gone: nothing is made up."""
    return NotFound("not_found", "There is no such pledge.")
