"""axe on every page, in every language and scheme, on a phone and on a desk."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from deploy.bench.figures import Say
from deploy.quality.dashboard import SESSION
from deploy.quality.gate import Found, Gate, none_of
from deploy.quality.showcase import LANGUAGES, Showcase
from deploy.quality.windows import browser, put_in_cart, to_the_card

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
ColorScheme = Literal["light", "dark"]
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
WIDTHS = (360, 1280)
REFLOW_WIDTH = 320
HEIGHT = 900


class Look:
    """One window: a width, and what was found in it."""

    def __init__(self, chromium: Browser, site: str, scheme: ColorScheme, width: int) -> None:
        self._context = chromium.new_context(
            viewport={"width": width, "height": HEIGHT},
            base_url=site,
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        self._site = site
        self._name = f"{scheme} {width}"
        self.page: Page = self._context.new_page()
        self.violations: list[str] = []
        self.sideways: list[str] = []
        self.looked = 0

    def enter(self, cookie: str) -> None:
        """Be signed in at the dashboard from now on."""
        self._context.add_cookies([{"name": SESSION, "value": cookie, "url": self._site}])

    def look(self, what: str) -> None:
        """Let axe look at the page as it is now."""
        self.looked += 1
        found: dict[str, Any] = Axe().run(self.page, options=RULES).response
        for rule in found["violations"]:
            first = rule["nodes"][0]["html"]
            self.violations.append(f"{self._name} {what}: {rule['id']}: {rule['help']} {first}")
        self._measure(what)
        self.page.set_viewport_size({"width": REFLOW_WIDTH, "height": HEIGHT})
        self._measure(f"{what} at {REFLOW_WIDTH}")
        self.page.set_viewport_size({"width": self._width, "height": HEIGHT})

    @property
    def _width(self) -> int:
        return int(self._name.rpartition(" ")[2])

    def _measure(self, what: str) -> None:
        over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            self.sideways.append(f"{self._name} {what}: {over} px too wide")

    def close(self) -> None:
        """Close the window."""
        self._context.close()


def run(showcase: Showcase, say: Say) -> list[Found]:
    """Look at every page, and at the cart in both steps."""
    violations: list[str] = []
    sideways: list[str] = []
    looked = 0
    paths = showcase.paths()
    cookie, screens = showcase.dashboard()
    with browser(say) as chromium:
        for scheme in SCHEMES:
            for width in WIDTHS:
                say(f"axe: {scheme}, {width} px, {len(paths) + len(screens)} pages")
                look = Look(chromium, showcase.site, scheme, width)
                for path in paths:
                    look.page.goto(path)
                    look.look(path.partition("?")[0])
                for language in LANGUAGES:
                    put_in_cart(look.page, language)
                    look.look(f"{language} cart")
                    to_the_card(look.page)
                    look.look(f"{language} card")
                look.enter(cookie)
                for path in screens:
                    look.page.goto(path)
                    look.look(path.partition("?")[0])
                violations += look.violations
                sideways += look.sideways
                looked += look.looked
                look.close()
    workload = f"{looked} looks: every page, both languages, light and dark, 360 and 1280 px"
    return [
        none_of("axe violations", f"{workload}, WCAG 2.2 AA and best practice", violations),
        none_of("sideways scrolling", f"{workload}, and each again at 320 px", sideways),
    ]


GATE = Gate("axe", "every page as people with a screen reader or poor eyes meet it", run)
