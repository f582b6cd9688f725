"""Identifiers in the shape Stripe gives them: a prefix that names the kind, then noise."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def noise(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_id(prefix: str) -> str:
    """Return a fresh id for an object whose kind `prefix` names, as `new_id("cus")`."""
    length = {"cus": 14, "cs_test": 58, "req": 14}.get(prefix, 24)
    return f"{prefix}_{noise(length)}"


def client_secret(object_id: str) -> str:
    """Return what a browser shows instead of a key to act on this one object."""
    return f"{object_id}_secret_{noise(25)}"
