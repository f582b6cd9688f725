"""A parsed form held against a schema: typed values out, or Stripe's refusal by name."""

import difflib
from typing import Any

from deploy.sandbox.stripe_api import schema
from deploy.sandbox.stripe_api.errors import Refusal, invalid

STRING_LENGTH_MAX = 5_000
METADATA_KEYS_MAX = 50
METADATA_KEY_LENGTH_MAX = 40
METADATA_VALUE_LENGTH_MAX = 500


def check(shape: type, form: dict[str, Any]) -> dict[str, Any]:
    """Return `form` with every value typed as the parameter class says, or raise `Refusal`."""
    return _fields(schema.of(shape), form, "")


def _fields(node: schema.Fields, form: dict[str, Any], path: str) -> dict[str, Any]:
    nodes = node.nodes
    if unknown := [name for name in form if name not in nodes]:
        raise _unknown(unknown, list(nodes), path)
    for name in sorted(node.required):
        if name not in form:
            raise invalid(
                f"Missing required param: {_join(path, name)}.",
                param=_join(path, name),
                code="parameter_missing",
            )
    return {name: _value(nodes[name], value, _join(path, name)) for name, value in form.items()}


def _value(node: schema.Node, value: Any, path: str) -> Any:
    if value == "" and node.can_be_emptied:
        return ""
    if isinstance(node, schema.Leaf):
        return _leaf(node, value, path)
    if isinstance(node, schema.Mapping):
        return _mapping(value, path)
    if isinstance(node, schema.ListOf):
        return _list(node, value, path)
    if isinstance(value, dict):
        return _fields(node, value, path)
    if node.scalar is not None:
        return _leaf(node.scalar, value, path)
    raise invalid("Invalid object", param=path, code="parameter_invalid_object")


def _leaf(node: schema.Leaf, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {path} takes one value.", param=path)
    if value == "":
        raise _empty(path)
    if value in node.choices:
        return value
    if node.kind == "int":
        return _integer(value, path)
    if node.kind == "bool":
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", param=path)
        return value == "true"
    if node.kind == "float":
        return _number(value, path)
    if node.choices:
        raise invalid(f"Invalid {path}: must be one of {_either(node.choices)}", param=path)
    if len(value) > STRING_LENGTH_MAX:
        raise invalid(
            f"Invalid string: must be at most {STRING_LENGTH_MAX} characters",
            param=path,
            code="parameter_invalid_string_too_long",
        )
    return value


def _integer(value: str, path: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 1 << 63
    if abs(number) >= 1 << 63 or not value.isascii() or value != value.strip() or "_" in value:
        raise invalid(
            f"Invalid integer: {value[:80]}", param=path, code="parameter_invalid_integer"
        )
    return number


def _number(value: str, path: str) -> str:
    try:
        float(value)
    except ValueError as exc:
        raise invalid(f"Invalid decimal: {value[:80]}", param=path) from exc
    return value


def _mapping(value: Any, path: str) -> dict[str, str]:
    if not isinstance(value, dict) or any(not isinstance(text, str) for text in value.values()):
        raise invalid(f"Invalid object: {path} takes keys with text values.", param=path)
    if len(value) > METADATA_KEYS_MAX:
        raise invalid(f"Metadata can have up to {METADATA_KEYS_MAX} keys.", param=path)
    for key, text in value.items():
        if len(key) > METADATA_KEY_LENGTH_MAX:
            raise invalid(
                f"Metadata keys can be up to {METADATA_KEY_LENGTH_MAX} characters long.",
                param=_join(path, key),
            )
        if len(text) > METADATA_VALUE_LENGTH_MAX:
            raise invalid(
                f"Metadata values can have up to {METADATA_VALUE_LENGTH_MAX} characters, but you"
                f" passed in a value that is {len(text)} characters.",
                param=_join(path, key),
            )
    return dict(value)


def _list(node: schema.ListOf, value: Any, path: str) -> list[Any]:
    if not isinstance(value, dict) or any(not key.isdecimal() for key in value):
        raise invalid("Invalid array", param=path, code="parameter_invalid_array")
    ordered = sorted(value.items(), key=lambda item: int(item[0]))
    return [_value(node.item, item, f"{path}[{key}]") for key, item in ordered]


def _unknown(names: list[str], known: list[str], path: str) -> Refusal:
    paths = [_join(path, name) for name in names]
    plural = "s" if len(paths) > 1 else ""
    message = f"Received unknown parameter{plural}: {', '.join(paths)}"
    close = difflib.get_close_matches(names[0], known, n=1, cutoff=0.6)
    if close and not plural:
        message += f". Did you mean {close[0]}?"
    return invalid(message, param=paths[0], code="parameter_unknown")


def _empty(path: str) -> Refusal:
    return invalid(
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset"
        f" a parameter; however '{path}' cannot be unset. You should remove '{path}' from your"
        " request or supply a non-empty value.",
        param=path,
        code="parameter_invalid_empty",
    )


def _either(choices: tuple[str, ...]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])}, or {choices[-1]}"


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name
