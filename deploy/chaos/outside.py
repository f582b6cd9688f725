"""What the world outside says: Stripe's PaymentIntents, sessions and refunds, and the inbox."""

from dataclasses import dataclass
from typing import Any

import httpx

SECONDS = 30.0
PAGE = 100


@dataclass(frozen=True)
class Outside:
    """One look at the sandbox, as rows for the checker's tables."""

    intents: tuple[dict[str, Any], ...] = ()
    sessions: tuple[dict[str, Any], ...] = ()
    mails: tuple[dict[str, Any], ...] = ()
    refunds: tuple[dict[str, Any], ...] = ()


def look(sandbox: str, stripe_key: str) -> Outside:
    """Ask the sandbox for everything it remembers."""
    with httpx.Client(base_url=sandbox, timeout=SECONDS, trust_env=False) as http:
        return Outside(
            intents=tuple(_json(http, "/sandbox/payment-intents.json")),
            sessions=tuple(_listed(http, "/v1/checkout/sessions", stripe_key)),
            refunds=tuple(_listed(http, "/v1/refunds", stripe_key)),
            mails=tuple(_json(http, "/inbox.json")),
        )


def _listed(http: httpx.Client, path: str, key: str) -> list[dict[str, Any]]:
    """Return everything of a kind, by the API that Stripe has for it."""
    found: list[dict[str, Any]] = []
    query: dict[str, str | int] = {"limit": PAGE}
    while True:
        page = _json(http, path, query, key)
        found += page["data"]
        if not page["has_more"]:
            return found
        query = {"limit": PAGE, "starting_after": found[-1]["id"]}


def _json(
    http: httpx.Client, path: str, query: dict[str, str | int] | None = None, key: str = ""
) -> Any:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = http.get(path, params=query, headers=headers)
    answer.raise_for_status()
    return answer.json()
