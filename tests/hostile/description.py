"""One OpenAPI document of the gateway's JSON routes, made of the services' own types.

It is for tests: nothing serves it. What the framework says of bad input is replaced by
our one error shape.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

import services.checkout.routes.cards as checkout_cards
import services.checkout.routes.orders as checkout_orders
import services.notify.routes.mails as notify
import services.settlement.routes.charges as settlement
from contracts.routes import ROUTES
from services.chassis.process.settings import Secret
from services.chassis.web.guards import bearer_guard
from services.checkout.domain.bodies import (
    CartBody,
    CompleteCardBody,
    LostBody,
    StartCardBody,
    StockBody,
    TaxBody,
)
from services.checkout.routes.operators import admin_routes as checkout_admin_routes
from services.checkout.routes.webhooks import stripe_webhook
from services.notify.domain.bodies import (
    AnnouncementRequest,
    DiaryCheckRequest,
    DiaryRequest,
    MilestoneRequest,
    ReminderRequest,
)
from services.notify.routes.broadcasts import broadcast_routes
from services.notify.routes.resend import webhook_route
from services.notify.routes.wishes import WISHES
from services.pledges.domain.bodies import ModifyRequest
from services.pledges.routes import pledges
from services.pledges.routes.community import community_routes
from services.pledges.routes.pledges import CancelRequest
from services.pledges.routes.reports import report_routes
from services.pledges.steps.write_report import Reports
from services.settlement.routes.charges import (
    AuthenticateRequest,
    BatchRequest,
    DispatchRequest,
    SettleRequest,
)
from services.settlement.routes.money import (
    AFTER_ROUTES,
    BackfillRequest,
    PauseRequest,
    ReconcileRequest,
    RefundRequest,
    ResumeRequest,
)

SECRET = Secret("nobody asks these routes anything")
NO_POOL: Any = None
INJECTED = (
    "pool",
    "bus",
    "clock",
    "settings",
    "checkout",
    "stripe",
    "stripe_bell",
    "stopping",
    "challenge",
    "carrier",
    "link_keys",
    "gateway",
    "publishable_key",
)
CLOSED: tuple[type[msgspec.Struct], ...] = (
    CartBody,
    TaxBody,
    StartCardBody,
    CompleteCardBody,
    StockBody,
    LostBody,
    CancelRequest,
    ModifyRequest,
    SettleRequest,
    DispatchRequest,
    BatchRequest,
    AuthenticateRequest,
    BackfillRequest,
    PauseRequest,
    ResumeRequest,
    ReconcileRequest,
    RefundRequest,
    AnnouncementRequest,
    DiaryRequest,
    DiaryCheckRequest,
    MilestoneRequest,
    ReminderRequest,
)
ERROR = {
    "type": "object",
    "required": ["error", "message"],
    "properties": {
        "error": {"type": "string", "pattern": "^[a-z_]+$"},
        "message": {"type": "string", "minLength": 5},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def describe() -> dict[str, Any]:
    """Return the document."""
    app = Litestar(
        route_handlers=[*_handlers()],
        dependencies={name: Provide(lambda: None, sync_to_thread=False) for name in INJECTED},
        openapi_config=OpenAPIConfig(title="The Pool", version="0"),
    )
    document: dict[str, Any] = app.openapi_schema.to_schema()
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert described == {(route.method, route.path) for route in ROUTES}
    for item in document["paths"].values():
        for operation in item.values():
            _complete(operation)
    schemas = document["components"]["schemas"]
    for struct in CLOSED:
        # msgspec refuses unknown fields; Litestar does not say so in the schema.
        schemas[struct.__name__]["additionalProperties"] = False
    relaxed: dict[str, Any] = _relaxed(document)
    return relaxed


def _relaxed(node: Any) -> Any:
    """Return the document with its unions as unions: 5 is an integer and a number."""
    if isinstance(node, dict):
        return {("anyOf" if key == "oneOf" else key): _relaxed(each) for key, each in node.items()}
    return [_relaxed(each) for each in node] if isinstance(node, list) else node


def _handlers() -> Iterable[HTTPRouteHandler]:
    guard = bearer_guard(SECRET)
    yield from (*checkout_orders.ROUTES, *checkout_cards.ROUTES, stripe_webhook)
    yield from checkout_admin_routes(guard)
    yield from (pledges.show_pledge, pledges.list_pledges, pledges.cancel, pledges.show_stats)
    yield from (pledges.modify, pledges.quote_change, pledges.ask_links)
    yield from community_routes(SECRET)
    yield from report_routes(SECRET, Reports(NO_POOL))
    yield from pledges.projection_routes(SECRET)
    yield from pledges.operator_routes(SECRET)
    yield from (*settlement.ROUTES, *settlement.PEOPLE_ROUTES, *AFTER_ROUTES)
    yield from (notify.own_mails, *notify.operator_routes(SECRET))
    yield from (*WISHES, webhook_route(SECRET), *broadcast_routes(SECRET, NO_POOL))


def _complete(operation: dict[str, Any]) -> None:
    responses = {code: each for code, each in operation["responses"].items() if code < "300"}
    content = {"application/json": {"schema": ERROR}}
    operation["responses"] = {
        **responses,
        "default": {"description": "refused", "content": content},
    }
    if "webhook" in operation["operationId"].lower():
        event = {"application/json": {"schema": {"type": "object"}}}
        operation["requestBody"] = {"content": event, "required": True}
