"""Every address that is nobody's."""

from typing import Any

from litestar import Request, route
from litestar.params import FromPath

from contracts.refusals import NotFound


@route("/{path:path}", http_method=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def lost(request: Request[Any, Any, Any], path: FromPath[str]) -> None:
    """Say that there is nothing here, in the visitor's words or in JSON."""
    raise NotFound("not_found", "There is nothing here.")
