"""What a mail must be to be taken: Resend's checks, in its own words."""

import re
from typing import Any

from deploy.sandbox.store import Obj

RECIPIENTS_MAX = 50

_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+|[^@\s<>,;\"]+@localhost")
_NAMED = re.compile(r"[^<>]*<\s*([^<>]+?)\s*>")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_NOT_PLAYED = frozenset({"template", "topic_id", "scheduled_at"})
_FIELDS = frozenset(
    {
        "from",
        "to",
        "subject",
        "bcc",
        "cc",
        "reply_to",
        "html",
        "text",
        "headers",
        "attachments",
        "tags",
        "scheduled_at",
        "topic_id",
        "template",
    }
)


class ResendError(Exception):
    """A refusal in Resend's shape."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"statusCode": status, "name": name, "message": message}


def checked(mail: Any, *, is_in_batch: bool = False) -> Obj:
    """Return the mail as it is kept, or raise what Resend answers."""
    if not isinstance(mail, dict):
        raise _invalid("Each email must be an object.")
    _check_fields(mail)
    if is_in_batch and "attachments" in mail:
        raise _invalid("The `attachments` field is not supported in a batch.")
    return {
        "from": _address(mail["from"], "from"),
        "to": _addresses(mail["to"], "to"),
        "cc": _addresses(mail.get("cc") or [], "cc"),
        "bcc": _addresses(mail.get("bcc") or [], "bcc"),
        "reply_to": _addresses(mail.get("reply_to") or [], "reply_to"),
        "subject": mail["subject"],
        "html": mail.get("html") or "",
        "text": mail.get("text") or "",
        "headers": _headers(mail.get("headers") or {}),
        "tags": _tags(mail.get("tags") or []),
        "attachments": _attachments(mail.get("attachments") or []),
    }


def _check_fields(mail: Obj) -> None:
    for name in mail:
        if name not in _FIELDS:
            raise _invalid(f"Unknown field `{name}`.")
        if name in _NOT_PLAYED:
            raise _invalid(f"Resend knows `{name}`; this sandbox does not play it.")
    for name in ("from", "to", "subject"):
        if not mail.get(name):
            raise ResendError(422, "missing_required_field", f"Missing `{name}` field.")
    if not (mail.get("html") or mail.get("text")):
        raise ResendError(422, "missing_required_field", "Missing `html` or `text` field.")
    for name in ("from", "subject", "html", "text"):
        if not isinstance(mail.get(name) or "", str):
            raise _invalid(f"The `{name}` field must be a `string`.")


def _address(value: Any, name: str) -> str:
    text = str(value)
    if "\r" in text or "\n" in text:
        raise _invalid(f"Invalid `{name}` field: line breaks are not allowed.")
    named = _NAMED.fullmatch(text)
    if not _ADDRESS.fullmatch(named[1] if named else text.strip()):
        raise _invalid(
            f"Invalid `{name}` field. The email address needs to follow the `email@example.com` or"
            " `Name <email@example.com>` format."
        )
    return text


def _addresses(value: Any, name: str) -> list[str]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        raise _invalid(f"The `{name}` field must be a `string` or an array of them.")
    if len(values) > RECIPIENTS_MAX:
        raise _invalid(f"The `{name}` field can hold at most {RECIPIENTS_MAX} addresses.")
    return [_address(each, name) for each in values]


def _headers(headers: Any) -> dict[str, str]:
    if not isinstance(headers, dict):
        raise _invalid("The `headers` field must be an object.")
    for name, value in headers.items():
        if not isinstance(value, str) or "\n" in name + value or "\r" in name + value:
            raise _invalid("The `headers` field must map names to one-line strings.")
    return headers


def _tags(tags: Any) -> list[Obj]:
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        raise _invalid("The `tags` field must be an array of `name` and `value`.")
    for tag in tags:
        if not all(_TAG.fullmatch(str(tag.get(part, ""))) for part in ("name", "value")):
            raise _invalid(
                "Tags should only contain ASCII letters, numbers, underscores, or dashes."
            )
    return tags


def _attachments(attachments: Any) -> list[Obj]:
    if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
        raise _invalid("The `attachments` field must be an array of objects.")
    for attachment in attachments:
        if not (attachment.get("content") or attachment.get("path")):
            raise ResendError(
                422, "invalid_attachment", "Attachment must have either a `content` or `path`."
            )
    return attachments


def _invalid(message: str) -> ResendError:
    return ResendError(422, "validation_error", message)
