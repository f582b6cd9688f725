"""Checkout as the ledger asks it: the real rules and prices, without stock or a bus."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from contracts.campaign import CampaignDefinition, PlatformDefinition
from contracts.pricing import PricedPledge
from contracts.quoting import QuoteAnswer, QuoteRevision, RevisionQuoted, RevisionRefused
from contracts.refusals import Refusal
from contracts.subjects import QUOTE
from services.chassis.events.bus import Bus
from services.checkout.domain.cart import KnownCampaign
from services.checkout.domain.pricing import price
from services.checkout.domain.revising import revised
from services.checkout.domain.shipping import Delivery

Meanwhile = Callable[[], Awaitable[object]]


class Till:
    """Answers like checkout. `meanwhile` happens between a question and its answer."""

    def __init__(self, *definitions: CampaignDefinition) -> None:
        self.definitions = {each.slug: each for each in definitions}
        self.asked: list[QuoteRevision] = []
        self.meanwhile: Meanwhile | None = None
        self.refuses: RevisionRefused | None = None
        self.is_away = False

    @property
    def bus(self) -> Bus:
        """Return the till where the ledger has its bus."""
        return cast("Bus", self)

    async def ask(self, subject: str, payload: bytes, *, within_seconds: float) -> bytes | None:
        """Answer a question, or let it run out."""
        assert (subject, within_seconds) == (QUOTE, 3.0)
        question = msgspec.json.decode(payload, type=QuoteRevision)
        self.asked.append(question)
        await asyncio.sleep(0)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return None if self.is_away else msgspec.json.encode(self._answer(question))

    def _answer(self, question: QuoteRevision) -> QuoteAnswer:
        if self.refuses is not None:
            return self.refuses
        definition = self.definitions[question.campaign]
        known = KnownCampaign(
            definition=definition, is_drained=False, pledged_cents=0, now=datetime.now(UTC)
        )
        platform = PlatformDefinition(version=1)
        try:
            lines = revised(known, platform, current=question.current, wanted=question.wanted)
        except Refusal as no:
            return RevisionRefused(status=no.status, reason=no.reason, message=no.message)
        priced: dict[str, Any] = {
            "definition": definition,
            "platform": platform,
            "tip_percent": question.tip_percent,
            "delivery": Delivery(
                destination=question.shipping_address, billing=question.billing_address
            ),
        }
        return RevisionQuoted(
            pledge=PricedPledge(
                pledge_id=question.pledge_id,
                campaign=question.campaign,
                definition_version=definition.version,
                lines=lines,
                price=price(lines, **priced),
            )
        )
