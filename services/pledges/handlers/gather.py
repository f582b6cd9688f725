"""The supporters' page and what is said on it: for those who have a pledge, and no others."""

from collections import defaultdict
from collections.abc import Sequence

from contracts.api.pledges import CommunityShown, Credit, DecisionShown, Votes
from contracts.campaign import Decision
from contracts.ids import CampaignSlug
from contracts.magic_link import MagicLink, no_such_pledge
from services.chassis.storage.database import Connection
from services.pledges.domain import community, erasing, pledging
from services.pledges.domain.community import Member
from services.pledges.domain.reports.cells import Row, as_csv, text
from services.pledges.handlers.read_stats import require_campaign
from services.pledges.queries import community as queries
from services.pledges.queries import ledger

WALL_MAX = 2_000
CREDIT_COLUMNS = ("credited_as", "rewards", "paid", "on_wall")


async def read_votes(conn: Connection, link: MagicLink, names: str | None) -> Votes:
    """Return decisions with their counts."""
    member = await _member(conn, link)
    found = await _shown(conn, member, community.wanted_decisions(member, names))
    return Votes(campaign_slug=member.campaign, decisions=found)


async def vote(
    conn: Connection, link: MagicLink, *, decision_id: str, option: str
) -> DecisionShown:
    """Count a supporter's choice, in place of an earlier one, and return the new count."""
    member = await _member(conn, link, is_locked=True)
    decision = community.require_choice(member, decision_id, option)
    await queries.save_vote(conn, member, decision_id, option)
    return (await _shown(conn, member, [decision]))[decision_id]


async def read_community(conn: Connection, link: MagicLink, campaign: str | None) -> CommunityShown:
    """Return the supporters' page of the pledge's campaign; of another there is none."""
    member = await _member(conn, link)
    if campaign is not None and campaign != member.campaign:
        raise no_such_pledge()
    return CommunityShown(
        campaign_slug=member.campaign,
        campaign_title=member.title,
        decisions=await _shown(conn, member, member.decisions),
        supporter_count=await queries.count_supporters(conn, member.campaign),
        credit=await queries.read_credit(conn, member.campaign, member.supporter_id),
        wall=tuple(await queries.list_wall(conn, member.campaign, limit=WALL_MAX)),
    )


async def take_credit(
    conn: Connection, link: MagicLink, *, credited_as: str, on_wall: bool
) -> Credit:
    """Keep how a supporter wants to be named. Without a name there is none to show."""
    member = await _member(conn, link, is_locked=True)
    name = community.name_of(credited_as)
    credit = Credit(credited_as=name, on_wall=on_wall and bool(name))
    await queries.save_credit(conn, member, credit)
    return credit


async def write_credits(conn: Connection, slug: str) -> tuple[CampaignSlug, bytes]:
    """Return everybody who wants to be named, as CSV: a name once, whoever bears it."""
    campaign, _ = await require_campaign(conn, slug)
    rows: dict[str, Row] = {}
    for each in await queries.list_credited(conn, campaign.campaign):
        rows.setdefault(
            each.credited_as.casefold(),
            (
                text(each.credited_as),
                text("; ".join(each.item_names)),
                "yes" if each.is_paid else "no",
                "yes" if each.is_on_wall else "no",
            ),
        )
    return campaign.campaign, as_csv([CREDIT_COLUMNS, *rows.values()])


async def _member(conn: Connection, link: MagicLink, *, is_locked: bool = False) -> Member:
    """Let in whoever the link says, if their pledge stands at this very moment.

    With `is_locked` nobody cancels it until the transaction ends.
    """
    if is_locked:
        await ledger.lock_pledges(conn, [link.pledge_id])
    pledge = next(iter(await ledger.list_pledges(conn, [link.pledge_id])), None)
    if pledge is None or erasing.is_erased(pledge):
        raise no_such_pledge()
    pledging.require_holder(pledge, link)
    deciding = await queries.read_decisions(conn, pledge.campaign, pledge.supporter_id)
    return community.member(pledge, deciding)


async def _shown(
    conn: Connection, member: Member, decisions: Sequence[Decision]
) -> dict[str, DecisionShown]:
    ids = [each.decision_id for each in decisions]
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    charged = [each.decision_id for each in decisions if each.eligible == "charged"]
    for each in await queries.count_votes(conn, member.campaign, ids, of_the_charged=charged):
        counts[each.decision_id][each.option] = each.votes
    choices = await queries.list_choices(conn, member.campaign, member.supporter_id)
    return {
        each.decision_id: community.shown(
            each,
            of=member,
            counts=counts[each.decision_id],
            choice=choices.get(each.decision_id),
        )
        for each in decisions
    }
