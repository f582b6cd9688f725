"""What comes after a charge, under test: Stripe's news in, the loops' rounds one by one."""

from typing import Any

from contracts.events.checkout import StripeEventReceived
from contracts.ids import CampaignSlug, ChargeId, PledgeId, SupporterId
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import transaction
from services.settlement.domain.refund_plan import Wanted
from services.settlement.handlers import hear_stripe, refund
from services.settlement.handlers.refund import RefundAnswer
from services.settlement.steps import give_back, look
from services.settlement.stripe_gateway.money import MoneyGateway
from tests.settlement.builders import NOW
from tests.settlement.runs import Settlement
from tests.settlement.sandbox import Sandbox

ROUNDS_MAX = 12


class Aftermath:
    """A run, its Stripe, and what goes on between them once money was taken."""

    def __init__(self, run: Settlement, stripe: Sandbox, gateway: MoneyGateway) -> None:
        self.run = run
        self.stripe = stripe
        self.gateway = gateway

    async def paid(self, *magics: str, **facts: Any) -> list[ChargeId]:
        """Charge one card of each kind."""
        cards = [self.stripe.saved_card(magic) for magic in magics]
        charges = await self.run.ask(*cards, **facts)
        await self.run.finish()
        return charges

    async def hear(self) -> None:
        """Hear everything Stripe has said so far, as its events come from checkout."""
        events = self.stripe.events()
        async with transaction(self.run.pool) as conn:
            for event in reversed(events):
                thing = event["data"]["object"]
                if event["type"].startswith(("charge.", "refund.", "radar.", "payment_intent.")):
                    told = StripeEventReceived(
                        event_id=new_event_id(),
                        occurred_at=NOW,
                        stripe_event_id=event["id"],
                        stripe_type=event["type"],
                        created_at=NOW,
                        object_id=thing["id"],
                        object=thing,
                    )
                    await hear_stripe.keep_event(conn, told)

    async def ask(self, **wanted: Any) -> RefundAnswer:
        """Ask for a refund, as an operator does."""
        key, plan_hash = wanted.pop("key", ""), wanted.pop("plan_hash", None)
        async with transaction(self.run.pool) as conn:
            return await refund.request_refund(
                conn, self.wanted(**wanted), key=key, reason="", plan_hash=plan_hash
            )

    def wanted(
        self,
        *,
        campaign: str | None = None,
        supporter: str | None = None,
        pledge: str | None = None,
        amount: int | None = None,
    ) -> Wanted:
        return Wanted(
            campaign=CampaignSlug(campaign or self.run.slug),
            supporter_id=None if supporter is None else SupporterId(supporter),
            pledge_id=None if pledge is None else PledgeId(pledge),
            amount_cents=amount,
        )

    async def work(self, *, rounds: int = ROUNDS_MAX) -> None:
        """Let the loops of refunds, endings and looks go their rounds, all delays over."""
        for _ in range(rounds):
            await self.no_delays()
            await give_back.give_back(self.run.pool, self.gateway)
            await self.run.time_passes()
            await self.run.tick()
            await look.look(self.run.pool, self.gateway)

    async def no_delays(self) -> None:
        for table in ("refunds", "looks"):
            await self.run.owner.execute(
                f"UPDATE {table} SET due_at = '-infinity', lease_until = '-infinity'"
            )

    async def refunds(self) -> list[tuple[str, int]]:
        """Return every refund's status and sum, in order."""
        rows = await self.run.owner.fetch(
            "SELECT status, amount_cents FROM refunds ORDER BY charge_id, number"
        )
        return [(row["status"], row["amount_cents"]) for row in rows]

    def refunded(self) -> list[int]:
        """Return what Stripe gave back of this campaign's payments, refund by refund."""
        found = []
        for intent in self.stripe.intents(self.run.slug):
            page = self.stripe.http.get("/v1/refunds", params={"payment_intent": intent["id"]})
            found += [
                each["amount"]
                for each in page.json()["data"]
                if each["status"] in ("pending", "succeeded")
            ]
        return sorted(found)

    def act(self, path: str, **content: Any) -> Any:
        """Do what banks and operators do at Stripe."""
        answer = self.stripe.http.post(path, json=content)
        assert answer.status_code == 200, answer.text
        return answer.json()
