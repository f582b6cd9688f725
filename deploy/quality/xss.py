"""Hostile texts wherever a text can be put: none may run, none may become markup.

The browser is told to ignore our content security policy: what is tried here is the wall
before it. Authors' files that are refused cannot show anything; they are counted.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from deploy.bench.figures import Figure, Say
from deploy.chaos.content import TierText, campaign_file
from deploy.quality.corpus import PAYLOADS
from deploy.quality.gate import Found, Gate, none_of
from deploy.quality.showcase import FILM, LANGUAGES, Showcase
from deploy.quality.traps import Trap, set_in
from deploy.quality.windows import browser

CART = (
    *("email", "name", "address1", "address2", "city", "postalCode", "province", "country"),
    *("option", "anchor"),
)
QUERY = ("t", "ref", "utm_source", "order", "dev")
REWARD, QUESTION = "survey-map", "Name to letter in the margin"
TITLE_LENGTH_MAX = 160


def run(showcase: Showcase, say: Say) -> list[Found]:
    """Put every payload everywhere."""
    with browser(say) as chromium, set_in(chromium, showcase.site, showcase.sandbox) as trap:
        say("the cart, and addresses")
        for batch in batches(PAYLOADS, len(CART)):
            carts(trap, FILM, batch)
        for batch in batches(PAYLOADS, len(QUERY)):
            addresses(trap, FILM, batch)
        say("the supporters' wall")
        token, _ = showcase.link()
        walls(trap, FILM, token, PAYLOADS)
        say("authors' files")
        shown = authored(showcase, trap, PAYLOADS)
    workload = f"{len(PAYLOADS)} payloads, {trap.looked} pages, without our policy"
    accepted = f"of {len(PAYLOADS)} payloads: the others' files are refused"
    return [
        none_of("hostile texts that ran or became markup", workload, trap.caught),
        Found(Figure("authors' files shown", accepted, len(shown), "films", goal=1)),
    ]


def batches(payloads: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield the payloads, so many at a time."""
    for at in range(0, len(payloads), size):
        yield payloads[at : at + size]


def carts(trap: Trap, slug: str, payloads: Sequence[str]) -> None:
    """Fill the cart's form with them, in both steps, and let it come back."""
    typed = list(zip(CART, payloads, strict=False))
    item = f"item.{slug}__{REWARD}"
    answer = (f"answer.{slug}__{REWARD}.{QUESTION}", payloads[-1])
    for step in ("cart", "card"):
        trap.send("/cart/", [(item, "1"), ("step", step), ("do", "save"), *typed, answer])
        trap.look(f"cart, {payloads}")


def addresses(trap: Trap, slug: str, payloads: Sequence[str]) -> None:
    """Ask for a page nobody knows, and for a known one with odd parameters."""
    query = urlencode(dict(zip(QUERY, payloads, strict=False)))
    lost = "/".join(quote(each, safe="") for each in payloads)
    for path in (f"/{lost}/", f"/community/{slug}/?{query}#{quote(payloads[0])}"):
        trap.page.goto(path)
        trap.look(path)


def walls(trap: Trap, slug: str, token: str, payloads: Sequence[str]) -> None:
    """Be credited under each of them, on the page that other supporters see."""
    path = f"/community/{slug}/"
    trap.page.goto(f"{path}?t={token}")
    for payload in payloads:
        pairs = [("t", token), ("credited_as", payload[:100]), ("on_wall", "1"), ("do", "credit")]
        trap.send(path, pairs)
        trap.look(f"wall, {payload}")


def authored(showcase: Showcase, trap: Trap, payloads: Sequence[str]) -> list[str]:
    """Publish a film with each of them for a title and a reward, and look at those taken."""
    for number, payload in enumerate(payloads):
        text = film(f"hostile-{number}", payload)
        (showcase.campaigns / f"hostile-{number}.md").write_text(text, encoding="utf-8")
    published: list[str] = showcase.rebuild()["published"]
    for number, slug in enumerate(published):
        trap.page.goto(f"{LANGUAGES[number % len(LANGUAGES)]}/campaigns/{slug}/")
        trap.look(f"film, {payloads[int(slug.rpartition('-')[2])]}")
    for path in ("/", "/es/"):
        trap.page.goto(path)
        trap.look(path)
    return published


def film(slug: str, payload: str) -> str:
    """Return a campaign file that says it in every plain text."""
    # JSON is YAML's own way of quoting.
    words = json.dumps(payload[:TITLE_LENGTH_MAX], ensure_ascii=False)
    tier = TierText(name=words, stackable=True)
    text = campaign_file(slug, now=datetime.now(UTC), ends_in_days=20, tiers=(tier,))
    head, _, rest = text.partition("creator_name:")
    rest = rest.partition("\n")[2]
    head = "\n".join(
        f"title: {words}" if line.startswith("title:") else line for line in head.splitlines()
    )
    more = (
        f"creator_name: {words}",
        f"support_items: [{{id: s, label: {words}, target: 10}}]",
        f"stretch_goals: [{{threshold: 90, title: {words}}}]",
        "long_content:",
        f"  - {{type: quote, text: Said., author: {words}}}",
        f"diary: [{{id: d, title: {words}, date: 2026-01-01, phase: production, content: []}}]",
        "",
    )
    return head + "\n" + "\n".join(more) + rest


GATE = Gate("xss", "hostile texts wherever a text can be put", run)
