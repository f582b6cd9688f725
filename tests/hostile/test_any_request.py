"""Requests made up from our own schemas: no 5xx, and every answer is what was promised."""

import contextlib
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from contracts.routes import ROUTES, Route
from tests.hostile.description import describe
from tests.hostile.stage import Stage
from tests.support.platform import a_slug, an_email

pytestmark = pytest.mark.stack

EXAMPLES = 30
NAMES = st.sampled_from(("slug", "token", "order_id", "orderId", "items", "email", "tipPercent"))
CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance]


@pytest.fixture(scope="module")
def api() -> OpenApiSchema:
    """The gateway's routes, as their owners declare them."""
    return schemathesis.openapi.from_dict(describe())


@pytest.fixture(scope="module")
def meant(stage: Stage) -> dict[str, Any]:
    """What exists, by the names under which it is asked for: requests go deep with these."""
    platform = stage.platform
    slug, email = platform.publish(a_slug("any"), goal="5000"), an_email("any")
    started = platform.pledge(slug, email=email)
    return {
        "slug": slug,
        "campaignSlug": slug,
        "token": platform.token(platform.mail(email, "Pledge confirmed | ")),
        "order_id": started["orderId"],
        "orderId": started["orderId"],
        "sessionId": started["sessionId"],
        "id": f"{slug}__frame",
        "email": email,
        "items": [{"id": f"{slug}__frame"}],
        "tipPercent": 5,
        "shippingAddress": None,
        "billingAddress": None,
        "planHash": None,
    }


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_any_request_gets_a_promised_answer(
    stage: Stage, api: OpenApiSchema, meant: dict[str, Any], route: Route, mode: GenerationMode
) -> None:
    operation = api[route.path][route.method]
    headers = {"Origin": stage.stack.site, **stage.platform.admin}

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        # What fails is reported as it was found: shrinking costs minutes over HTTP.
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode), st.sets(NAMES))
    def ask(case: schemathesis.Case, kept: set[str]) -> None:
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict):
                part |= {name: meant[name] for name in set(part) & set(meant) - kept}
        case.call_and_validate(base_url=stage.stack.site, headers=headers, checks=CHECKS)

    # Where nothing is asked for, nothing can be asked wrongly.
    with contextlib.suppress(Unsatisfiable):
        ask()
