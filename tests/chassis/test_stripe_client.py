"""What came of a call to Stripe is one of three things, and what nobody thought of is unknown."""

import aiohttp
import pytest
import stripe
from aiohttp.client_reqrep import ConnectionKey

from services.chassis.stripe.budget import BudgetSpent
from services.chassis.stripe.client import (
    MISMATCH,
    StripeBusy,
    StripeFault,
    StripeNotSent,
    StripeRefused,
    StripeUnknown,
    sorted_out,
)

KEY = ConnectionKey("stripe.example", 443, True, True, None, None, None)


def unreachable(cause: Exception) -> stripe.APIConnectionError:
    """Return the SDK's error for a connection that was never had, or one that broke."""
    exc = stripe.APIConnectionError("no connection")
    exc.__cause__ = cause
    return exc


@pytest.mark.parametrize(
    ("exc", "kind", "reason"),
    [
        pytest.param(BudgetSpent("x"), StripeNotSent, "our_budget", id="no turn"),
        pytest.param(
            stripe.RateLimitError("slow", http_status=429), StripeNotSent, "rate_limited", id="429"
        ),
        pytest.param(
            unreachable(aiohttp.ClientConnectorError(KEY, OSError())),
            StripeNotSent,
            "unreachable",
            id="nobody there",
        ),
        pytest.param(
            unreachable(aiohttp.ServerDisconnectedError()), StripeUnknown, "no_answer", id="broke"
        ),
        pytest.param(
            stripe.CardError("no", "", "card_declined", http_status=402),
            StripeRefused,
            "card_declined",
            id="card",
        ),
        pytest.param(
            stripe.InvalidRequestError("no", "email", "parameter_invalid", http_status=400),
            StripeRefused,
            "parameter_invalid",
            id="request",
        ),
        pytest.param(
            stripe.AuthenticationError("no", http_status=401),
            StripeRefused,
            "AuthenticationError",
            id="account",
        ),
        pytest.param(
            stripe.IdempotencyError("no", http_status=400), StripeUnknown, MISMATCH, id="mismatch"
        ),
        pytest.param(stripe.APIError("x", http_status=409), StripeBusy, "http_409", id="409"),
        pytest.param(stripe.APIError("x", http_status=500), StripeUnknown, "http_500", id="500"),
        pytest.param(
            aiohttp.ClientPayloadError(), StripeUnknown, "ClientPayloadError", id="half an answer"
        ),
        pytest.param(TimeoutError(), StripeUnknown, "TimeoutError", id="silence"),
        pytest.param(stripe.StripeError("new"), StripeUnknown, "StripeError", id="a new kind"),
    ],
)
def test_a_call_that_was_not_done_is_refused_not_sent_or_unknown(
    exc: Exception, kind: type[StripeFault], reason: str
) -> None:
    fault = sorted_out(exc)

    assert (type(fault), fault.reason, fault.name) == (kind, reason, type(exc).__name__)


@pytest.mark.parametrize(("status", "is_kept"), [(499, False), (500, True), (0, False)])
def test_only_a_failure_of_stripes_own_is_kept_under_its_key(status: int, is_kept: bool) -> None:
    fault = sorted_out(stripe.APIError("x", http_status=status))

    assert isinstance(fault, StripeUnknown)
    assert fault.is_answered is is_kept


def test_a_refusal_says_whose_it_is_and_about_what() -> None:
    fault = sorted_out(stripe.InvalidRequestError("no", "email", "parameter_invalid"))

    assert isinstance(fault, StripeRefused)
    assert (fault.by, fault.param, fault.code) == ("request", "email", "parameter_invalid")
