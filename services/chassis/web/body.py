"""One decoding layer for JSON bodies: strict, bounded, and never a 500.

Litestar's own conversion is lax ("7" becomes 7), takes JSON sent as text/plain, and
fails with a 500 on deep nesting or bad UTF-8 (measured); this Request does not.
"""

import re
import unicodedata
from typing import Any

import msgspec
from litestar import Request

from contracts.refusals import InputRefused, Refusal

NESTING_MAX = 32
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
BRACKET = re.compile(rb"[\[\]{}]")


class WrongType(Refusal):
    """The body is not the kind of content this route takes."""

    status = 415


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded straight into the route's own type."""

    async def json(self) -> Any:
        """Return the body as the type of the handler's `data`, or raise a refusal."""
        require_json(self.headers.get("content-type", ""), self.headers.get("content-encoding"))
        field = self.route_handler.parsed_data_field
        wanted = field.annotation if field is not None else Any
        return decode(await self.body(), wanted)


def require_json(content_type: str, content_encoding: str | None) -> None:
    """Refuse what is not plainly JSON: a cross-site form can send text/plain unasked."""
    media, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise WrongType("unsupported_media_type", "Send JSON as application/json.")
    if content_encoding not in (None, "", "identity"):
        raise WrongType("unsupported_media_type", "Compressed bodies are not accepted.")


def decode(raw: bytes, wanted: Any) -> Any:
    """Return `raw` as `wanted`. Raises `InputRefused` naming the field."""
    _require_shallow(raw)
    try:
        value = msgspec.json.decode(raw, type=wanted)
    except msgspec.ValidationError as exc:
        problem, _, path = str(exc).partition(" - at `$.")
        name = path.rstrip("`")
        fields = {name: problem} if name else _named_in(problem)
        raise InputRefused("invalid_input", problem, fields=fields) from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InputRefused("invalid_json", "The body is not valid JSON.") from exc
    _require_clean(value)
    return value


def _named_in(problem: str) -> dict[str, str]:
    """Find the name in msgspec's "missing required field `x`" and its kin."""
    parts = problem.split("`")
    return {parts[1]: problem} if len(parts) > 2 else {}


def _require_shallow(raw: bytes) -> None:
    """Refuse nesting that would exhaust the decoder's stack."""
    depth = 0
    for bracket in BRACKET.findall(STRING.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        if depth > NESTING_MAX:
            raise InputRefused("invalid_json", "The body is nested too deeply.")


def _require_clean(value: Any, name: str = "") -> None:
    """Refuse control characters anywhere: they forge log lines and mail headers."""
    if isinstance(value, str):
        if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in value):
            raise InputRefused(
                "invalid_input",
                "Control characters are not allowed.",
                fields={name: "control characters are not allowed"},
            )
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            _require_clean(getattr(value, field.name), field.encode_name)
    elif isinstance(value, dict):
        for key, each in value.items():
            _require_clean(key, name)
            _require_clean(each, str(key))
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            _require_clean(each, name)
