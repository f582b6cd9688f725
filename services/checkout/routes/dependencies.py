"""What checkout's routes are given."""

import asyncio
from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import HeaderParameter, SkipValidation

from services.chassis.storage.database import Pool
from services.checkout.steps.checkout import Checkout
from services.checkout.stripe_gateway import StripeGateway
from services.checkout.usps_gateway import USPSGateway

PoolDependency = NamedDependency[SkipValidation[Pool]]
StripeDependency = NamedDependency[SkipValidation[StripeGateway]]
CarrierDependency = NamedDependency[SkipValidation[USPSGateway]]
StoppingDependency = NamedDependency[SkipValidation[asyncio.Event]]
CheckoutDependency = NamedDependency[SkipValidation[Checkout]]
# Who asks, as the gateway saw it. Nobody else can set it.
Client = Annotated[str, HeaderParameter(name="x-pool-client")]
