"""Let the holder of a magic link in: to their own pledge, and to nothing else."""

from collections.abc import Mapping
from datetime import datetime

from contracts import magic_link
from contracts.magic_link import MagicLink
from contracts.refusals import InputRefused, NotFound

Keys = Mapping[str, bytes]


def open_link(token: str | None, keys: Keys, *, now: datetime) -> MagicLink:
    """Return what a link says. Raises `LinkRefused`, alike for every fault of a link."""
    if not token:
        raise InputRefused(
            "missing_token", "The link is incomplete.", fields={"token": "is missing"}
        )
    return magic_link.verify(token, keys, now=now, scope=magic_link.PLEDGE_SCOPE)


def no_such_pledge() -> NotFound:
    """Return the refusal for a valid link whose pledge is gone: nothing is made up."""
    return NotFound("not_found", "There is no such pledge.")
