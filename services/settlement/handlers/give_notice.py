"""Tell supporters before their card is charged: two days ahead, and when it begins.

Source: decisions.md, "Several cards under one e-mail". A notice lists every pledge in the sum.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from contracts.events.pledges import ChargeRequested, PledgeSnapshot, SupporterNotice
from contracts.events.settlement import ChargeNoticeDue, NoticedPledge
from contracts.ids import CampaignSlug, SupporterId
from contracts.money import Cents
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.queries import campaigns, charges, notices
from services.settlement.queries.notices import DueNotice, Moment

log = telemetry.logger(__name__)

BATCH = 100
SETTLEMENT = "settlement"


async def notice_close(conn: Connection, requests: Sequence[ChargeRequested]) -> None:
    """Tell supporters that charging begins, in the transaction that writes their charges.

    So the notice never comes after the fact. A charge is not held up by it: what we do not
    know of a pledge, the receipt will say.
    """
    asked = [each for each in requests if each.purpose == SETTLEMENT]
    ids = [pledge_id for each in asked for pledge_id in each.pledge_ids]
    known = {each.pledge_id: each for each in await notices.list_copies_of(conn, ids)}
    due: dict[tuple[CampaignSlug, SupporterId], tuple[ChargeRequested, list[PledgeSnapshot]]] = {}
    for each in asked:
        pledges = [known[pledge_id] for pledge_id in sorted(each.pledge_ids) if pledge_id in known]
        if sum(pledge.price.total_cents for pledge in pledges) != each.amount_cents:
            log.warning("charge_without_notice", campaign=each.campaign)
        else:
            due[each.campaign, each.supporter_id] = each, pledges
    told = await notices.insert_told(conn, list(due), "close")
    now = await charges.platform_now(conn)
    ends = {slug: await _deadline(conn, slug, now) for slug in sorted({slug for slug, _ in told})}
    await outbox.append_all(
        conn,
        [
            _notice(pledges, "close", now=now, deadline_at=ends[slug], caused_by=request.event_id)
            for (slug, supporter), (request, pledges) in due.items()
            if (slug, supporter) in told
        ],
    )


async def _deadline(conn: Connection, slug: CampaignSlug, now: datetime) -> datetime:
    campaign = await campaigns.find_campaign(conn, slug)
    return campaign.deadline_at if campaign else now


async def give_notices(conn: Connection) -> int:
    """Tell the next supporters whose campaign ends within two days; return how many rows.

    Whoever cancelled meanwhile is not told, nor is anybody once the deadline has passed.
    """
    await notices.begin_rounds(conn)
    due = await notices.take_due(conn, limit=BATCH)
    in_time: dict[CampaignSlug, list[DueNotice]] = defaultdict(list)
    for each in due:
        if each.is_in_time:
            in_time[each.campaign].append(each)
    for slug, told in sorted(in_time.items()):
        supporters = [each.supporter_id for each in told]
        pledges = await notices.list_copies(conn, slug, supporters)
        with_pledges = {each.supporter_id for each in pledges}
        now = await charges.platform_now(conn)
        theirs = {
            each.supporter_id: [
                pledge for pledge in pledges if pledge.supporter_id == each.supporter_id
            ]
            for each in told
        }
        await outbox.append_all(
            conn,
            [
                _notice(mine, "two_days", now=now, deadline_at=each.deadline_at)
                for each in told
                if (mine := theirs[each.supporter_id])
            ],
        )
        await notices.mark_told(conn, slug, sorted(with_pledges))
    return len(due)


def notice_of(pledges: Sequence[PledgeSnapshot]) -> SupporterNotice:
    """Return what one mail about all these pledges of one supporter says.

    Address, language and card are those of the newest card: the one that is charged.
    """
    newest = max(pledges, key=lambda each: (each.card_saved_at or each.created_at, each.pledge_id))
    prices = [each.price for each in pledges]
    return SupporterNotice(
        supporter_id=newest.supporter_id,
        email=newest.email,
        language=newest.language,
        pledge_ids=tuple(each.pledge_id for each in pledges),
        lines=tuple(line for each in pledges for line in each.lines),
        subtotal_cents=Cents(sum(each.subtotal_cents for each in prices)),
        shipping_cents=Cents(sum(each.shipping_cents for each in prices)),
        tax_cents=Cents(sum(each.tax_cents for each in prices)),
        tip_cents=Cents(sum(each.tip_cents for each in prices)),
        total_cents=Cents(sum(each.total_cents for each in prices)),
        card=newest.card,
        currency=newest.currency,
    )


def _notice(
    pledges: Sequence[PledgeSnapshot],
    moment: Moment,
    *,
    now: datetime,
    deadline_at: datetime,
    caused_by: str = "",
) -> outbox.Entry:
    notice = notice_of(pledges)
    campaign = pledges[0].campaign
    event = ChargeNoticeDue(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        campaign=campaign,
        moment=moment,
        deadline_at=deadline_at,
        notice=notice,
        pledges=tuple(
            NoticedPledge(pledge_id=each.pledge_id, total_cents=each.price.total_cents)
            for each in pledges
        ),
    )
    return outbox.Entry(
        event=event,
        key=campaign,
        aggregate=f"notice:{campaign}:{notice.supporter_id}:{moment}",
        version=1,
        caused_by=caused_by,
    )
