"""Screens that show another page of ours in a frame: a mail, the window for other pages."""

from litestar.response.base import ASGIResponse

from services.site.desks.dashboard import Visit


def framing_page(visit: Visit, template: str, **shown: object) -> ASGIResponse:
    """Return a screen that may frame our own pages, and nobody else's."""
    page = visit.page(template, **shown)  # type: ignore[arg-type]
    policy = visit.dash.policy.page(pays=False, frame_origins=("'self'",))
    page.headers["content-security-policy"] = policy
    return page
