"""The form of a link that unsubscribes: ours, or one click in a mail client (RFC 8058)."""

from urllib.parse import parse_qsl

from contracts.magic_link import TOKEN_LENGTH_MAX
from contracts.refusals import InputRefused

ONE_CLICK = ("List-Unsubscribe", "One-Click")
BODY_MAX = 4_096


def pairs_of(body: bytes, content_type: str) -> dict[str, str]:
    """Return the fields of a form; RFC 8058 allows multipart too, whose one field we know."""
    if len(body) > BODY_MAX:
        raise InputRefused("invalid_input", "The form is too long.")
    if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
        is_click = b"One-Click" in body and b'name="List-Unsubscribe"' in body
        return dict([ONE_CLICK]) if is_click else {}
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise InputRefused("invalid_input", "The form is not readable.") from exc
    return {name: value[:TOKEN_LENGTH_MAX] for name, value in parse_qsl(text, max_num_fields=10)}
