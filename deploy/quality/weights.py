"""What a visitor downloads, measured where it arrives, and who is asked for it.

Sizes are those on the wire, as the browser counts them without headers. The cart's script
is everything of ours until a card can be typed; Stripe's own is theirs and comes last.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Response

from deploy.bench.figures import Say
from deploy.quality.gate import Found, Gate, at_most, none_of
from deploy.quality.showcase import FILM, Showcase
from deploy.quality.windows import browser, put_in_cart, to_the_card

KILO = 1_000
HTML, CSS, SCRIPT, CART = 15, 25, 30, 60
REST_MILLISECONDS = 1_500
PAGE = f"/campaigns/{FILM}/"


class Weighed:
    """What a page has asked for, by kind."""

    def __init__(self, page: Page, own: str) -> None:
        self._own = own
        self.foreign: list[str] = []
        self._sizes: dict[str, dict[str, int]] = {}
        page.on("response", self._note)

    def _note(self, response: Response) -> None:
        parts = urlsplit(response.url)
        if parts.scheme not in ("http", "https"):
            return
        if f"{parts.scheme}://{parts.netloc}" != self._own:
            self.foreign.append(response.url)
            return
        size = int(response.headers.get("content-length", "0"))
        of_kind = self._sizes.setdefault(response.request.resource_type, {})
        of_kind[parts.path] = max(size, of_kind.get(parts.path, 0))

    def kilobytes(self, kind: str) -> float:
        """Return the size of everything of a kind: `document`, `stylesheet`, `script` …"""
        return sum(self._sizes.get(kind, {}).values()) / KILO


def run(showcase: Showcase, say: Say) -> list[Found]:
    """Weigh a campaign page as it is read, and then as its cart is used."""
    found: list[Found] = []
    with browser(say) as chromium:
        context = chromium.new_context(base_url=showcase.site, reduced_motion="reduce")
        page = context.new_page()
        weighed = Weighed(page, showcase.site)
        page.goto(PAGE)
        page.wait_for_timeout(REST_MILLISECONDS)
        page.mouse.wheel(0, 20_000)
        page.wait_for_timeout(REST_MILLISECONDS)
        found += _read(weighed)
        put_in_cart(page)
        before_card = list(weighed.foreign)
        to_the_card(page)
        found.append(at_most("cart script", "until a card is typed", _js(weighed), "kB", CART))
        found.append(none_of("foreign, before the card", "cart and address", before_card))
        context.close()
    found.append(_pages(showcase))
    return found


def _js(weighed: Weighed) -> float:
    return weighed.kilobytes("script")


def _read(weighed: Weighed) -> list[Found]:
    size: Callable[[str], float] = weighed.kilobytes
    return [
        at_most("HTML", "campaign page, on the wire", size("document"), "kB", HTML),
        at_most("CSS", "campaign page, on the wire", size("stylesheet"), "kB", CSS),
        at_most("public script", "campaign page, on the wire", size("script"), "kB", SCRIPT),
        none_of("foreign, before anything is pressed", PAGE, list(weighed.foreign)),
    ]


def _pages(showcase: Showcase) -> Found:
    """Return the heaviest page."""
    sizes: dict[str, Any] = {}
    for path in showcase.paths():
        with showcase.http.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            sizes[path] = sum(len(part) for part in answer.iter_raw())
    heaviest = max(sizes, key=lambda path: int(sizes[path]))
    workload = f"the heaviest of {len(sizes)} pages: {heaviest.partition('?')[0]}"
    return at_most("HTML of any page", workload, sizes[heaviest] / KILO, "kB", HTML)


GATE = Gate("weights", "what a visitor downloads, and from whom", run)
