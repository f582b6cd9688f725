"""Edge: another card for a pledge, by its link."""

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from contracts.api.checkout import CardUpdated, CardUpdateStarted
from contracts.magic_link import Keys
from services.chassis.web.errors import PRIVATE
from services.checkout.domain.bodies import CompleteCardBody, StartCardBody
from services.checkout.routes.dependencies import CheckoutDependency, Client
from services.checkout.steps import change_card


@post("/pledge/payment-method/start", status_code=200)
async def start_card_update(
    data: JSONBody[StartCardBody],
    checkout: CheckoutDependency,
    link_keys: NamedDependency[SkipValidation[Keys]],
    client: Client = "",
) -> Response[CardUpdateStarted]:
    answer = await change_card.start_update(checkout, data, link_keys, client)
    return Response(answer, headers=PRIVATE)


@post("/pledge/payment-method/complete", status_code=200)
async def complete_card_update(
    data: JSONBody[CompleteCardBody],
    checkout: CheckoutDependency,
    link_keys: NamedDependency[SkipValidation[Keys]],
) -> Response[CardUpdated]:
    answer = await change_card.complete_update(checkout, data, link_keys)
    return Response(answer, headers=PRIVATE)


ROUTES = [start_card_update, complete_card_update]
