"""Forms as browsers send them without scripts: strictly read, or refused before anything else."""

import unicodedata
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from litestar import Request

from contracts.refusals import InputRefused, Refusal
from services.site.door.admission import origin_of
from services.site.door.proxy import read_body

FORM = "application/x-www-form-urlencoded"
PAIRS_MAX = 600
LONG_PAIRS_MAX = 8_000

Pairs = tuple[tuple[str, str], ...]


class NoForm(Refusal):
    """The body is not what a form of ours sends."""

    status = 415


async def read_pairs(request: Request[Any, Any, Any], *, is_long: bool = False) -> Pairs:
    """Return the pairs of a form in the order of its fields.

    A long form holds whole texts: what somebody pasted with page breaks is theirs to keep.
    """
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media.strip().lower() != FORM or charset not in ("", "charset=utf-8"):
        raise NoForm("unsupported_media_type", "Send this as a form.")
    raw = await read_body(request)
    if not is_long:
        return pairs_of(raw)
    return tuple((name, without_controls(value)) for name, value in pairs_of(raw, LONG_PAIRS_MAX))


def pairs_of(raw: bytes, pairs_max: int = PAIRS_MAX) -> Pairs:
    """Return the pairs of a form's bytes. Raises `InputRefused` for what no browser sends."""
    try:
        return tuple(
            parse_qsl(
                raw.decode("utf-8"),
                keep_blank_values=True,
                strict_parsing=bool(raw),
                errors="strict",
                max_num_fields=pairs_max,
            )
        )
    except ValueError as exc:
        raise InputRefused("invalid_form", "The form is not readable.") from exc


def referring_pairs(referer: str, site_base: str) -> Pairs:
    """Return the query of the page of ours a form stood on, nothing when it was no page of ours."""
    if origin_of(referer) != origin_of(site_base):
        return ()
    try:
        return tuple(parse_qsl(urlsplit(referer).query, max_num_fields=PAIRS_MAX))
    except ValueError:
        return ()


def without_controls(text: str) -> str:
    """Return a text without signs that nobody types."""
    if text.isprintable():
        return text
    return "".join(c for c in text if c in "\r\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
