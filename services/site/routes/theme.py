"""The style sheet of a platform's own colours, named by its bytes and kept for ever."""

from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from contracts.refusals import NotFound
from services.site.door.ready import Ready
from services.site.routes.answers import READ, answer
from services.site.routes.files import FOR_EVER
from services.site.routes.site import Site


def theme_route(site: Site) -> HTTPRouteHandler:
    """Return the route of the style sheet."""

    @route("/theme/{name:str}", http_method=READ)
    async def theme(scope: HTTPScope) -> Ready:
        known = site.shelf.frame().theme
        if not known.name or scope["path_params"]["name"] != f"{known.name}.css":
            raise NotFound("not_found", "There is nothing here.")
        headers = {
            b"content-type": b"text/css; charset=utf-8",
            b"cache-control": FOR_EVER.encode(),
        }
        return answer(scope, known.css.encode(), headers=headers)

    return theme
