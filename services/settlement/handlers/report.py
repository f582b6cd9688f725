"""What operators ask: the plan, the run, and to run it now."""

from collections.abc import Sequence

import msgspec

from contracts.ids import CampaignSlug, PledgeId, SupporterId
from contracts.refusals import NotFound, StateRefused
from services.chassis.storage.database import Connection
from services.settlement.domain import plan, runs
from services.settlement.domain.plan import ExcludedPledge, Plan
from services.settlement.domain.runs import Campaign, Run
from services.settlement.handlers.settle_campaigns import certify
from services.settlement.queries import campaigns, charges, copies, rounds, settlements


class BatchCharge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One supporter's charge, with every order it is for; `status` as it was before."""

    supporter: SupporterId
    campaign_slug: CampaignSlug
    order_ids: tuple[PledgeId, ...]
    amount: int
    status: str


class Batch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a batch of orders came to."""

    charges: tuple[BatchCharge, ...]
    excluded: tuple[ExcludedPledge, ...]


async def make_plan(conn: Connection, slug: CampaignSlug) -> Plan:
    """Return the forecast before the close, what was asked for after it."""
    campaign = await _known(conn, slug)
    closing = await copies.find_closing(conn, slug)
    pledges = await copies.list_copies(conn, slug)
    refused = await copies.list_refused_cards(conn, slug)
    if closing is None:
        return plan.forecast(campaign, pledges, refused_cards=refused)
    asked = await copies.list_charge_facts(conn, slug)
    return plan.executed(campaign, closing, asked, pledges, refused_cards=refused)


async def dispatch(conn: Connection, slug: CampaignSlug, plan_hash: str | None) -> Run:
    """Let everything that is due be tried now, and return the run as it stands.

    Nobody has to call this: the run starts by itself at the close.
    """
    await _known(conn, slug)
    if await copies.find_closing(conn, slug) is None:
        raise StateRefused("not_closed", "This campaign is not closed yet.")
    if plan_hash is not None and (await make_plan(conn, slug)).plan_hash != plan_hash:
        raise StateRefused("stale_plan", "The plan has changed. Look at it again.")
    await charges.bring_forward(conn, slug)
    return await read_run(conn, slug)


async def read_run(conn: Connection, slug: CampaignSlug) -> Run:
    """Return how the campaign's charging stands."""
    await _known(conn, slug)
    closing = await copies.find_closing(conn, slug)
    run = runs.run_of(slug, closing, await rounds.count_charges(conn, slug))
    if closing is None or not closing.is_funded:
        return run
    # The one that was said holds what was known then; Stripe books for days after that.
    certificate = await certify(conn, closing)
    return msgspec.structs.replace(
        run,
        settled_at=await settlements.find_settled_at(conn, slug),
        certificate=runs.shown(certificate),
    )


async def settle_batch(conn: Connection, order_ids: Sequence[PledgeId]) -> Batch:
    """Let the supporters of these orders be tried now, with everything they pledged.

    A charge is one supporter's, so it is never done for a part of their pledges. Before
    the close of any of the campaigns: 409 `not_closed`, and nothing is done for anybody.
    """
    known = await settlements.find_campaigns_of(conn, order_ids)
    if any(not is_closed for _, is_closed in known.values()):
        raise StateRefused("not_closed", "One of these campaigns is not closed yet.")
    found = {each.order_id: each for each in await settlements.list_order_charges(conn, order_ids)}
    await charges.bring_forward_these(conn, [each.charge_id for each in found.values()])
    absent = [order_id for order_id in dict.fromkeys(order_ids) if order_id not in found]
    by_charge = {each.charge_id: each for each in found.values()}
    return Batch(
        charges=tuple(
            BatchCharge(
                supporter=each.supporter_id,
                campaign_slug=each.campaign,
                order_ids=each.pledge_ids,
                amount=each.amount_cents,
                status=each.status,
            )
            for each in by_charge.values()
        ),
        excluded=tuple(
            ExcludedPledge(
                order_id=order_id,
                reason="not_requested" if order_id in known else "unknown_order",
            )
            for order_id in absent
        ),
    )


async def _known(conn: Connection, slug: CampaignSlug) -> Campaign:
    campaign = await campaigns.find_campaign(conn, slug)
    if campaign is None:
        raise NotFound("unknown_campaign", "There is no such campaign.")
    return campaign
