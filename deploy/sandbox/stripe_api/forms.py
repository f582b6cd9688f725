"""Form encoding with brackets, as Stripe's SDKs send it: `a[b][0]=c` to nested values."""

import re
from typing import Any
from urllib.parse import parse_qsl

from deploy.sandbox.stripe_api.errors import invalid

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
FIELDS_MAX = 2_000
DEPTH_MAX = 10


def parse(encoded: bytes) -> dict[str, Any]:
    """Return the nested form. Lists are dicts with keys "0", "1"…; the schema tells them apart."""
    try:
        pairs = parse_qsl(
            encoded.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_MAX
        )
    except ValueError as exc:
        raise invalid("The request could not be read as a form.") from exc
    form: dict[str, Any] = {}
    for key, value in pairs:
        _place(form, key, value)
    return form


def _place(form: dict[str, Any], key: str, value: str) -> None:
    match = _KEY.fullmatch(key)
    if match is None:
        raise invalid(f"Invalid parameter name: {key}", param=key)
    steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(steps) > DEPTH_MAX:
        raise invalid(f"Parameter nested too deeply: {key}", param=key)
    node = form
    for index, raw_step in enumerate(steps):
        # `a[]=x` appends.
        step = raw_step or str(len(node))
        if index == len(steps) - 1:
            node[step] = value
            return
        child = node.setdefault(step, {})
        if not isinstance(child, dict):
            raise invalid(f"Invalid parameter: {key}", param=key)
        node = child
