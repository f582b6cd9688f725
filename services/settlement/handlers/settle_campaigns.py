"""Say that a campaign is settled: once, with the proof, when nobody needs attention any more."""

from contracts.events.settlement import Certificate, SettlementSettled, Share, StripeSums
from contracts.ids import CampaignSlug
from contracts.money import Cents
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain import runs
from services.settlement.domain.runs import Closing
from services.settlement.queries import copies, rounds, settlements

log = telemetry.logger(__name__)


async def settle_finished(conn: Connection) -> int:
    """Certify every campaign whose last charge is decided; return how many."""
    finished = await settlements.list_finished(conn)
    for slug in finished:
        await _settle(conn, slug)
    return len(finished)


async def certify(conn: Connection, closing: Closing) -> Certificate:
    """Return the proof of a funded campaign's settlement as it stands now."""
    slug = closing.campaign
    said = await settlements.read_stripe_sums(conn, slug)
    sums = StripeSums(
        known=Share(supporters=said.known, cents=Cents(said.known_cents)),
        awaited=Share(supporters=said.awaited, cents=Cents(said.awaited_cents)),
        duplicates=said.duplicates,
        agrees=said.different == 0 and said.duplicates == 0,
    )
    open_charges = tuple(await settlements.list_undecided(conn, slug))
    return runs.certify(closing, await rounds.count_charges(conn, slug), sums, open_charges)


async def _settle(conn: Connection, slug: CampaignSlug) -> None:
    closing = await copies.find_closing(conn, slug)
    assert closing is not None, "only what is closed is settled"
    certificate = await certify(conn, closing)
    settled_at = await settlements.insert_settlement(conn, slug, certificate)
    if settled_at is None:
        return
    event = SettlementSettled(
        event_id=outbox.new_event_id(),
        occurred_at=settled_at,
        campaign=slug,
        certificate=certificate,
        settled_at=settled_at,
    )
    # What a campaign says: its start, its deadline, and this.
    await outbox.append(conn, event, key=slug, aggregate=slug, version=3)
    log.info("campaign_settled", campaign=slug, adds_up=certificate.adds_up)
