"""What a change would cost, for somebody who is still choosing: nothing is written or held."""

from collections.abc import Sequence

import msgspec

from contracts.api.figures import Figures
from contracts.api.pledges import Along, ChangePreview, Option
from contracts.ids import CampaignSlug
from contracts.magic_link import MagicLink, no_such_pledge
from contracts.pricing import STANDARD, PriceBreakdown, PricedPledge
from contracts.quoting import QuoteRevision
from services.chassis.storage.database import Connection
from services.pledges.domain import erasing, pledging, revising
from services.pledges.domain.bodies import ModifyRequest
from services.pledges.domain.pledge import Pledge
from services.pledges.domain.record import line_told
from services.pledges.queries import campaigns, ledger, proposals


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A pledge as it is, those whose tip changes along, and what checkout is asked of each."""

    own: Pledge
    along: tuple[Pledge, ...]
    titles: dict[CampaignSlug, str]
    questions: tuple[QuoteRevision, ...]


async def prepare_preview(conn: Connection, link: MagicLink, asked: ModifyRequest) -> Wanted:
    """Return what checkout has to be asked, or refuse as a change would be refused."""
    linked = await proposals.list_linked(conn, link.pledge_id)
    pledges = await ledger.list_pledges(conn, sorted(linked))
    known = [await campaigns.read_campaign(conn, slug) for slug in sorted(set(linked.values()))]
    by_slug = {slug: each for held in known for slug, each in held.campaigns.items()}
    now = next((held.now for held in known if held.now is not None), None)
    own = next((each for each in pledges if each.pledge_id == link.pledge_id), None)
    if own is None or now is None or erasing.is_erased(own):
        raise no_such_pledge()
    pledging.require_holder(own, link)
    pledging.require_changeable(own, by_slug[own.campaign], now=now)
    revising.require_revision(own, asked)
    along = tuple(
        each
        for each in pledges
        if each.pledge_id != own.pledge_id
        and revising.is_tipped_along(each, by_slug[each.campaign], asked.tip_percent, now=now)
    )
    questions = tuple(
        revising.question_about(each, asked, is_own=each is own, proposal=1, is_held=False)
        for each in (own, *along)
    )
    titles = {slug: each.title for slug, each in by_slug.items()}
    return Wanted(own=own, along=along, titles=titles, questions=questions)


def preview_of(wanted: Wanted, answers: Sequence[PricedPledge]) -> ChangePreview:
    """Return the pledge as it would be, beside how it is."""
    own = wanted.own
    priced, *tipped = answers
    return ChangePreview(
        order_id=own.pledge_id,
        revision=own.revision,
        totals=_sums(priced.price),
        previous=_sums(own.price),
        lines=tuple(line_told(each) for each in priced.lines),
        why=priced.price.why,
        shipping_options=_options(priced.price),
        shipping_state=priced.price.shipping_state,
        tax_state=priced.price.tax_state,
        linked=tuple(
            _along(before, after, wanted.titles[before.campaign])
            for before, after in zip(wanted.along, tipped, strict=True)
        ),
    )


def _sums(price: PriceBreakdown) -> Figures:
    return Figures(
        subtotal=price.subtotal_cents,
        shipping=price.shipping_cents,
        tax=price.tax_cents,
        tip_percent=price.tip_percent,
        tip_amount=price.tip_cents,
        amount=price.total_cents,
    )


def _options(price: PriceBreakdown) -> tuple[Option, ...]:
    """Return the plain way and each option that some parcel could have. Like a cart's."""
    taken = {each.option for each in price.shipments} - {STANDARD}
    found = [Option(id=STANDARD, surcharge=0, selected=not taken)] if price.shipments else []
    for option in dict.fromkeys(name for each in price.shipments for name in each.offered):
        extra = sum(each.offered.get(option, 0) for each in price.shipments)
        found.append(Option(id=option, surcharge=extra, selected=option in taken))
    return tuple(found)


def _along(before: Pledge, after: PricedPledge, title: str) -> Along:
    return Along(
        order_id=before.pledge_id,
        campaign_slug=before.campaign,
        campaign_title=title,
        previous_amount=before.price.total_cents,
        amount=after.price.total_cents,
    )
