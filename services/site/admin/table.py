"""The dashboard's routes: who may use which. A route that is not here is not served. Pure.

Every path exists in each language; `{slug}` is a campaign's, `{key}` another thing's id.
"""

import msgspec

from contracts.routes import KIB, Route
from services.site.admin.access import Needs
from services.site.media.kinds import LARGEST

BODY_MAX = 64 * KIB
TEXT_MAX = 1_000
EVENT_MAX = 48 * KIB
LONG_BODY_MAX = 1_024 * KIB
LONG_TEXT_MAX = 60_000
SOURCE_MAX = 256 * KIB
ROOT = "/admin"


class AdminRoute(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one path. `page` names the screen that shows again what was refused.

    Limits are bytes of a form, and characters of each of its fields.
    """

    name: str
    method: str
    path: str
    needs: Needs
    page: str = ""
    body_max: int = BODY_MAX
    text_max: int = TEXT_MAX
    # The form has a file.
    takes_file: bool = False
    # A form that holds whole texts: signs nobody types are taken out of them, not refused.
    is_long: bool = False

    def admitted(self, prefix: str) -> Route:
        """Return the route as the door counts it: POST has our own origin."""
        is_read = self.method == "GET"
        return Route(
            method="GET" if is_read else "POST",
            path=prefix + self.path,
            owner="site",
            access="public" if is_read else "browser",
            body_max=self.body_max,
            failures_per_minute=None if is_read else 30,
        )


def _get(name: str, path: str, needs: Needs) -> AdminRoute:
    return AdminRoute(name=name, method="GET", path=ROOT + path, needs=needs)


def _post(
    name: str,
    path: str,
    needs: Needs,
    page: str,
    *,
    body_max: int = BODY_MAX,
    text_max: int = TEXT_MAX,
) -> AdminRoute:
    return AdminRoute(
        name=name,
        method="POST",
        path=ROOT + path,
        needs=needs,
        page=page,
        body_max=body_max,
        text_max=text_max,
    )


def _upload(name: str, path: str, needs: Needs, page: str) -> AdminRoute:
    row = _post(name, path, needs, page, body_max=BODY_MAX + LARGEST)
    return msgspec.structs.replace(row, takes_file=True)


def _whole(name: str, path: str, page: str) -> AdminRoute:
    """Return a form that holds the platform's settings, or hundreds of rows of them."""
    row = _post(name, path, "super", page, body_max=4 * SOURCE_MAX, text_max=SOURCE_MAX)
    return msgspec.structs.replace(row, is_long=True)


def _text(name: str, path: str, page: str) -> AdminRoute:
    """Return a form that holds a part of a campaign's text."""
    limits = {"body_max": LONG_BODY_MAX, "text_max": LONG_TEXT_MAX}
    row = _post(name, f"/campaigns/{{slug}}{path}", "campaign", page, **limits)
    return msgspec.structs.replace(row, is_long=True)


CAMPAIGNS: tuple[AdminRoute, ...] = (
    _get("campaigns", "/campaigns", "somebody"),
    _post("campaigns.create", "/campaigns", "super", "campaigns"),
    _get("campaigns.one", "/campaigns/{slug}", "campaign"),
    _get("campaigns.edit", "/campaigns/{slug}/edit/{key}", "campaign"),
    _text("campaigns.save", "/edit/{key}", "campaigns.edit"),
    _text("campaigns.autosave", "/autosave/{key}", ""),
    _text("campaigns.show", "/show", ""),
    _post("campaigns.publish", "/campaigns/{slug}/publish", "campaign", "campaigns.one"),
    _post(
        "campaigns.preview",
        "/campaigns/{slug}/preview",
        "campaign",
        "campaigns.one",
        text_max=4_000,
    ),
    _post("campaigns.take_back", "/campaigns/{slug}/reviewers/{key}", "campaign", "campaigns.one"),
    _get("campaigns.stock", "/campaigns/{slug}/stock", "campaign"),
    _post("campaigns.restock", "/campaigns/{slug}/stock", "campaign", "campaigns.stock"),
    _post("campaigns.give_up", "/campaigns/{slug}/give-up", "campaign", "campaigns.one"),
    _post("campaigns.keep", "/campaigns/{slug}/keep", "campaign", "campaigns.one"),
    _post("campaigns.archive", "/campaigns/{slug}/archive", "super", "campaigns.one"),
    _get("campaigns.text", "/campaigns/{slug}/texts/{key}", "campaign"),
    _post("campaigns.restore", "/campaigns/{slug}/texts/{key}", "campaign", "campaigns.text"),
    _get("campaigns.aside", "/campaigns/{slug}/aside/{key}", "campaign"),
    _post("campaigns.settle", "/campaigns/{slug}/aside/{key}", "campaign", "campaigns.one"),
)

ROUTES: tuple[AdminRoute, ...] = (
    _get("sign_in", "/sign-in", "nobody"),
    _post("sign_in.ask", "/sign-in/ask", "nobody", "sign_in"),
    _post("sign_in.use", "/sign-in", "nobody", "sign_in"),
    _post("sign_out", "/sign-out", "somebody", "sign_in"),
    _get("summary", "", "somebody"),
    *CAMPAIGNS,
    _get("settlement", "/settlement", "somebody"),
    _get("settlement.one", "/settlement/{slug}", "campaign"),
    _get("settlement.plan", "/settlement/{slug}/plan", "campaign"),
    _post("settlement.dispatch", "/settlement/{slug}/dispatch", "super", "settlement.plan"),
    _get("settlement.refund", "/settlement/{slug}/refund", "super"),
    _post("settlement.refund_all", "/settlement/{slug}/refund", "super", "settlement.refund"),
    _post("settlement.pause", "/settlement/pause", "super", "settlement"),
    _post("settlement.resume", "/settlement/resume", "super", "settlement"),
    _get("marketing", "/marketing", "somebody"),
    _get("marketing.one", "/marketing/{slug}", "campaign"),
    _post("marketing.make", "/marketing/{slug}", "campaign", "marketing.one"),
    _get("marketing.embed", "/marketing/{slug}/embed", "campaign"),
    _get("marketing.code", "/marketing/{slug}/{key}", "campaign"),
    _post("marketing.change", "/marketing/{slug}/{key}/change", "campaign", "marketing.code"),
    _post("marketing.retire", "/marketing/{slug}/{key}/retire", "campaign", "marketing.code"),
    _get("marketing.qr", "/marketing/{slug}/{key}/qr", "campaign"),
    _get("blast", "/blast", "somebody"),
    _get("blast.one", "/blast/{slug}", "campaign"),
    _post(
        "blast.save",
        "/blast/{slug}",
        "campaign",
        "blast.one",
        body_max=128 * KIB,
        text_max=12_000,
    ),
    _get("blast.check", "/blast/{slug}/check", "campaign"),
    _get("blast.letter", "/blast/{slug}/letter", "campaign"),
    _post("blast.test", "/blast/{slug}/test", "campaign", "blast.check"),
    _post("blast.send", "/blast/{slug}/send", "campaign", "blast.check"),
    _get("blast.sent", "/blast/{slug}/{key}", "campaign"),
    _get("reports", "/report", "somebody"),
    _get("reports.one", "/report/{slug}", "campaign"),
    _get("reports.csv", "/report/{slug}/csv", "campaign"),
    _get("analytics", "/analytics", "somebody"),
    _get("analytics.csv", "/analytics.csv", "somebody"),
    _get("analytics.one", "/analytics/{slug}", "campaign"),
    _get("analytics.one.csv", "/analytics/{slug}/csv", "campaign"),
    _post("analytics.fees", "/analytics/{slug}/fees", "super", "analytics.one"),
    _get("supporters", "/people", "somebody"),
    _get("supporters.csv", "/people.csv", "somebody"),
    _get("supporters.list", "/people/{slug}", "campaign"),
    _get("supporters.one", "/people/{slug}/{key}", "campaign"),
    _post("supporters.links", "/people/{slug}/{key}/links", "campaign", "supporters.one"),
    _post("supporters.refund", "/people/{slug}/{key}/refund", "super", "supporters.one"),
    _get("media", "/media", "somebody"),
    _get("media.list", "/media/{slug}", "campaign"),
    _get("media.one", "/media/{slug}/{key}", "campaign"),
    _get("media.pick", "/media-picker/{slug}", "campaign"),
    _upload("media.upload", "/media/{slug}/upload", "campaign", "media.list"),
    _post("media.describe", "/media/{slug}/{key}/describe", "campaign", "media.one"),
    _post("media.remove", "/media/{slug}/{key}/remove", "campaign", "media.one"),
    _get("operations", "/operations", "super"),
    _post("operations.reconcile", "/operations/reconcile", "super", "operations"),
    _get("operations.parked", "/operations/parked", "super"),
    _get("operations.event", "/operations/parked/{key}", "super"),
    _post("operations.retry", "/operations/parked/{key}/retry", "super", "operations.event"),
    _post(
        "operations.fix",
        "/operations/parked/{key}/fix",
        "super",
        "operations.event",
        body_max=4 * EVENT_MAX,
        text_max=EVENT_MAX,
    ),
    _post("operations.give_up", "/operations/parked/{key}/give-up", "super", "operations.event"),
    _get("operations.mails", "/operations/mails", "super"),
    _post("operations.resend", "/operations/mails/{key}/resend", "super", "operations.mails"),
    _get("operations.projections", "/operations/projections", "super"),
    _post(
        "operations.rebuild",
        "/operations/projections/{slug}/rebuild",
        "super",
        "operations.projections",
    ),
    _post(
        "operations.recount",
        "/operations/projections/{slug}/recount",
        "super",
        "operations.projections",
    ),
    _get("settings", "/settings", "super"),
    _get("settings.section", "/settings/{key}", "super"),
    _whole("settings.save", "/settings/{key}/save", "settings.section"),
    _post("settings.settle", "/settings/{key}/settle", "super", "settings"),
    _post("settings.preview", "/settings-preview", "super", "settings"),
    _get("settings.theme", "/settings-theme", "super"),
    _get("users", "/users", "super"),
    _post("users.invite", "/users", "super", "users"),
    _post("users.change", "/users/{key}/change", "super", "users"),
    _post("users.remove", "/users/{key}/remove", "super", "users"),
    _get("sessions", "/sessions", "super"),
    _post("sessions.revoke", "/sessions/{key}/revoke", "super", "sessions"),
    _get("audit", "/audit", "super"),
    _get("audit.csv", "/audit.csv", "super"),
)


def route_named(name: str) -> AdminRoute:
    """Return the route with that name; a wrong name is a bug."""
    return next(each for each in ROUTES if each.name == name)
