"""Pages as the site's own code draws them, in a browser, without a running site behind them."""

from pathlib import Path

from playwright.sync_api import BrowserContext, Request, Route

from services.site.public.assets import STATIC_DIR, static_base

HOME = "http://drawn.test"
POSTER = Path(__file__).parents[2] / "campaigns/media/one-roll-wide.webp"


class Drawn:
    """Serves drawn pages, our files, one picture for all others. Notes who else is asked."""

    def __init__(self, context: BrowserContext, pages: dict[str, bytes]) -> None:
        self.asked_elsewhere: list[str] = []
        self._pages = pages
        context.route("**/*", self._serve)

    def _serve(self, route: Route, request: Request) -> None:
        if not request.url.startswith(f"{HOME}/"):
            self.asked_elsewhere.append(request.url)
            route.fulfill(body="<!doctype html><title>elsewhere</title>", content_type="text/html")
            return
        path = request.url.removeprefix(HOME).partition("?")[0].partition("#")[0]
        if path in self._pages:
            route.fulfill(body=self._pages[path], content_type="text/html; charset=utf-8")
        elif path.startswith(f"{static_base()}/"):
            route.fulfill(path=STATIC_DIR / path.removeprefix(f"{static_base()}/"))
        elif path.startswith("/media/"):
            route.fulfill(path=POSTER)
        else:
            route.fulfill(status=404)
