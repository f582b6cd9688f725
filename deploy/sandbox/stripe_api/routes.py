"""Every endpoint: method, path, the parameters the SDK sends it, and who answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from stripe import params
from stripe.params import checkout, radar

from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import (
    charges,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    refunds,
    sessions,
    setup_intents,
)
from deploy.sandbox.stripe_api.call import Call

Handler = Callable[[Call], Obj]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    shape: type
    handler: Handler


def _route(method: str, path: str, shape: type, handler: Handler) -> Route:
    pattern = re.compile("/v1" + path.replace("{}", "([^/]+)"))
    return Route(method, pattern, shape, handler)


_CUSTOMER = "/customers/{}"
_METHOD = "/payment_methods/{}"
_SETUP = "/setup_intents/{}"
_SESSION = "/checkout/sessions/{}"
_INTENT = "/payment_intents/{}"

ROUTES = (
    _route("POST", "/customers", params.CustomerCreateParams, customers.create),
    _route("GET", "/customers", params.CustomerListParams, customers.list_),
    _route("GET", _CUSTOMER, params.CustomerRetrieveParams, customers.retrieve),
    _route("POST", _CUSTOMER, params.CustomerUpdateParams, customers.update),
    _route("DELETE", _CUSTOMER, params.CustomerDeleteParams, customers.delete),
    _route(
        "GET",
        "/customers/{}/payment_methods",
        params.CustomerPaymentMethodListParams,
        payment_methods.list_of_customer,
    ),
    _route(
        "GET",
        "/customers/{}/payment_methods/{}",
        params.CustomerPaymentMethodRetrieveParams,
        payment_methods.retrieve_of_customer,
    ),
    _route("GET", "/payment_methods", params.PaymentMethodListParams, payment_methods.list_),
    _route("GET", _METHOD, params.PaymentMethodRetrieveParams, payment_methods.retrieve),
    _route("POST", _METHOD, params.PaymentMethodUpdateParams, payment_methods.update),
    _route("POST", f"{_METHOD}/attach", params.PaymentMethodAttachParams, payment_methods.attach),
    _route("POST", f"{_METHOD}/detach", params.PaymentMethodDetachParams, payment_methods.detach),
    _route("GET", "/setup_intents", params.SetupIntentListParams, setup_intents.list_),
    _route("GET", _SETUP, params.SetupIntentRetrieveParams, setup_intents.retrieve),
    _route("POST", _SETUP, params.SetupIntentUpdateParams, setup_intents.update),
    _route("POST", f"{_SETUP}/cancel", params.SetupIntentCancelParams, setup_intents.cancel),
    _route(
        "GET", "/setup_attempts", params.SetupAttemptListParams, setup_intents.retrieve_attempts
    ),
    _route("POST", "/checkout/sessions", checkout.SessionCreateParams, sessions.create),
    _route("GET", "/checkout/sessions", checkout.SessionListParams, sessions.list_),
    _route("GET", _SESSION, checkout.SessionRetrieveParams, sessions.retrieve),
    _route("POST", _SESSION, checkout.SessionUpdateParams, sessions.update),
    _route("POST", f"{_SESSION}/expire", checkout.SessionExpireParams, sessions.expire),
    _route("POST", "/payment_intents", params.PaymentIntentCreateParams, payment_intents.create),
    _route("GET", "/payment_intents", params.PaymentIntentListParams, payment_intents.list_),
    _route("GET", _INTENT, params.PaymentIntentRetrieveParams, payment_intents.retrieve),
    _route("POST", _INTENT, params.PaymentIntentUpdateParams, payment_intents.update),
    _route(
        "POST", f"{_INTENT}/confirm", params.PaymentIntentConfirmParams, payment_intents.confirm
    ),
    _route("POST", f"{_INTENT}/cancel", params.PaymentIntentCancelParams, payment_intents.cancel),
    _route("GET", "/charges", params.ChargeListParams, charges.list_),
    _route("GET", "/charges/{}", params.ChargeRetrieveParams, charges.retrieve),
    _route("POST", "/charges/{}", params.ChargeUpdateParams, charges.update),
    _route(
        "GET",
        "/balance_transactions",
        params.BalanceTransactionListParams,
        charges.list_transactions,
    ),
    _route(
        "GET",
        "/balance_transactions/{}",
        params.BalanceTransactionRetrieveParams,
        charges.retrieve_transaction,
    ),
    _route("POST", "/refunds", params.RefundCreateParams, refunds.create),
    _route("GET", "/refunds", params.RefundListParams, refunds.list_),
    _route("GET", "/refunds/{}", params.RefundRetrieveParams, refunds.retrieve),
    _route("POST", "/refunds/{}", params.RefundUpdateParams, refunds.update),
    _route("GET", "/disputes", params.DisputeListParams, disputes.list_),
    _route("GET", "/disputes/{}", params.DisputeRetrieveParams, disputes.retrieve),
    _route("POST", "/disputes/{}", params.DisputeUpdateParams, disputes.update),
    _route("POST", "/disputes/{}/close", params.DisputeCloseParams, disputes.close),
    _route(
        "GET",
        "/radar/early_fraud_warnings",
        radar.EarlyFraudWarningListParams,
        disputes.list_warnings,
    ),
    _route(
        "GET",
        "/radar/early_fraud_warnings/{}",
        radar.EarlyFraudWarningRetrieveParams,
        disputes.retrieve_warning,
    ),
    _route("GET", "/events", params.EventListParams, events.list_),
    _route("GET", "/events/{}", params.EventRetrieveParams, events.retrieve),
)


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groups()
    return None
