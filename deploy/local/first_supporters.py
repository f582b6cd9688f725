"""The first people at the sample films, so that a new stack looks like a lived-in one.

They come the way everybody comes: cart, card, confirmation, through the gateway and the
sandbox. They came a week ago, before one of the films closed without its goal.
`python -m deploy.local.first_supporters SITE SANDBOX` is that week; see `opening`.
"""

import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

AT_ONCE = 6
LIMIT_SECONDS = 30.0
CARDS = ("4242424242424242", "5555555555554444", "378282246310005")
ADDRESS = {
    "address1": "14 Alder Court",
    "city": "Albuquerque",
    "province": "NM",
    "postalCode": "87101",
    "country": "US",
}
NAMES = (
    *("Noor Valdecasas", "Teo Lindqvist", "Imani Okoro", "Beatriz Salas", "Jun Watanabe"),
    *("Rosa Ferreira", "Caleb Whitfield", "Ayla Demir", "Marguerite Poole", "Dev Anand Rao"),
    *("Siobhan Keane", "Mateo Quispe", "Hanne Solberg", "Farid Nazari", "Lucia Bianchi"),
    *("Owen Tallchief", "Yara Haddad", "Pia Novak", "Samuel Adeyemi", "Greta Holm"),
)


@dataclass(frozen=True)
class Choice:
    """What one person picks: the part of an item id after the film's name."""

    film: str
    item: str
    quantity: int = 1
    dollars: int = 0
    tip_percent: int = 5

    @property
    def cart_item(self) -> dict[str, Any]:
        item: dict[str, Any] = {"id": f"{self.film}__{self.item}"}
        return item | ({"amount": self.dollars} if self.dollars else {"quantity": self.quantity})


CHOICES = (
    *(Choice("nine-bridges-north", "opening-night") for _ in range(9)),
    *(Choice("nine-bridges-north", "survey-map", tip_percent=0) for _ in range(4)),
    *(Choice("nine-bridges-north", "rivet", quantity=each) for each in (1, 5, 12)),
    Choice("nine-bridges-north", "day-on-the-line", tip_percent=10),
    Choice("nine-bridges-north", "support__before-the-shoot", dollars=1_500),
    Choice("nine-bridges-north", "support__twenty-one-days", dollars=2_400, tip_percent=0),
    Choice("nine-bridges-north", "support__twenty-one-days", dollars=850),
    Choice("forty-chairs", "your-chair"),
    Choice("forty-chairs", "your-chair", tip_percent=15),
    Choice("forty-chairs", "extra"),
    *(Choice("forty-chairs", "a-hand") for _ in range(6)),
    Choice("forty-chairs", "support__supper", dollars=400),
    Choice("forty-chairs", "support__light", dollars=820, tip_percent=0),
    Choice("forty-chairs", "custom-support", dollars=930),
    Choice("one-roll", "watch-it"),
    *(Choice("one-roll", "one-second", quantity=1) for _ in range(4)),
    *(Choice("a-map-of-small-noises", "the-door") for _ in range(5)),
    Choice("a-map-of-small-noises", "the-pressing"),
    Choice("a-map-of-small-noises", "custom-support", dollars=1_100),
)


class NotPledged(Exception):
    """Somebody could not pledge; the message says at which step."""


def arrive(site: str, sandbox: str) -> int:
    """Let everybody pledge; return how many pledged, all of them in the ledger.

    Raises `NotPledged` or `httpx.HTTPError`: then the stack is as good as before, only
    emptier.
    """
    _wait_until_known(site)
    with (
        httpx.Client(base_url=sandbox, timeout=LIMIT_SECONDS) as stripe,
        ThreadPoolExecutor(AT_ONCE) as people,
    ):
        orders = list(
            people.map(
                lambda each: _pledge(site, stripe, *each),
                ((choice, _name(number)) for number, choice in enumerate(CHOICES)),
            )
        )
    _wait_until_kept(site, orders)
    return len(orders)


def _pledge(site: str, sandbox: httpx.Client, choice: Choice, name: str) -> str:
    email = f"{name.lower().replace(' ', '.')}@example.com"
    body = {
        "campaignSlug": choice.film,
        "items": [choice.cart_item],
        "email": email,
        "tipPercent": choice.tip_percent,
        "shippingAddress": {"name": name, **ADDRESS},
    }
    started = httpx.post(
        f"{site}/checkout-intent/start", json=body, headers=_visitor(site), timeout=LIMIT_SECONDS
    )
    if started.status_code != httpx.codes.OK:
        raise NotPledged(f"{choice.film}: {started.text}")
    session = started.json()
    saved = sandbox.post(
        f"/sandbox/checkout-sessions/{session['sessionId']}/complete",
        json={"card": CARDS[len(name) % len(CARDS)], "email": email, "name": name},
    )
    if saved.status_code != httpx.codes.OK:
        raise NotPledged(f"{choice.film}: {saved.text}")
    return str(session["orderId"])


def _wait_until_known(site: str) -> None:
    """Wait until checkout has heard of every film; the pages may be there before."""
    deadline = time.monotonic() + LIMIT_SECONDS
    for film in sorted({choice.film for choice in CHOICES}):
        while httpx.get(f"{site}/inventory/{film}").status_code != httpx.codes.OK:
            if time.monotonic() > deadline:
                raise NotPledged(f"{film} is not for sale yet")
            time.sleep(0.05)


def _wait_until_kept(site: str, orders: list[str]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    with httpx.Client(base_url=site, timeout=LIMIT_SECONDS) as http:
        for order in orders:
            while not http.get(f"/checkout-intent/status/{order}?wait=5").json()["persisted"]:
                if time.monotonic() > deadline:
                    raise NotPledged(f"{order} is not in the ledger yet")


def _visitor(site: str) -> dict[str, str]:
    return {"Origin": site, "Idempotency-Key": secrets.token_hex(12)}


def _name(number: int) -> str:
    """Return a name; the second time around it is a relative."""
    name = NAMES[number % len(NAMES)]
    return name if number < len(NAMES) else f"{name} {'II' if number < 2 * len(NAMES) else 'III'}"


def main() -> int:
    site, sandbox = sys.argv[1:]
    try:
        count = arrive(site, sandbox)
    except (NotPledged, httpx.HTTPError) as exc:
        sys.stdout.write(f"{exc}\n")
        return 1
    sys.stdout.write(f"{count} people pledged\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
