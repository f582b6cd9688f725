"""Events to mails: once per cause, however often and in whatever order they are told."""

from typing import Any

import msgspec
import pytest

from contracts.campaign import PlatformDefinition
from contracts.events.campaigns import CampaignPublished, PlatformPublished
from contracts.events.checkout import CheckoutRefused, RefusedPart
from contracts.events.pledges import (
    PledgeCancelled,
    PledgeCreated,
    PledgesCharged,
    PledgesChargeFailed,
)
from contracts.ids import EventId, PledgeId, SupporterId
from services.chassis.storage.database import Pool, transaction
from services.notify.handlers import payment_mails, pledge_mails
from services.notify.queries import definitions
from tests.notify.conftest import a_definition
from tests.notify.samples import AFTER_THE_END, EMAIL, ORDER, OTHER, SLUG, a_notice, a_pledge
from tests.notify.telling import charge_notice, every_event, tell, told


async def kinds(pool: Pool) -> list[str]:
    """Return the kinds of the mails that were written, in order."""
    return [row["kind"] for row in await pool.fetch("SELECT kind FROM mails ORDER BY mail_number")]


@pytest.mark.parametrize("event", every_event(), ids=lambda event: type(event).__name__)
async def test_an_event_told_five_times_writes_one_mail(pool: Pool, event: Any) -> None:
    copies = [msgspec.structs.replace(event, event_id=EventId(f"copy-{n}")) for n in range(3)]

    await tell(pool, event, event, *copies)

    assert len(await kinds(pool)) == 1


async def test_each_event_writes_the_mail_of_its_kind(pool: Pool) -> None:
    await tell(pool, *every_event())

    assert await kinds(pool) == [
        "pledge_confirmed",
        "pledge_cancelled",
        "payment_confirmed",
        "payment_failed",
        "not_funded",
        "campaign_ended",
        "refunded",
        "refund_failed",
        "card_expires",
        "card_unusable",
        "not_counted",
    ]


async def test_each_moment_of_a_charge_has_one_notice(pool: Pool) -> None:
    await tell(
        pool,
        charge_notice(),
        charge_notice(),
        charge_notice("close"),
        charge_notice("close"),
    )

    assert await kinds(pool) == ["charge_notice", "charge_notice"]


async def test_a_notice_that_is_heard_after_the_receipt_is_none(pool: Pool) -> None:
    paid = told(PledgesCharged, campaign=SLUG, notice=a_notice(), charged_at=AFTER_THE_END)

    await tell(pool, paid, charge_notice("close"))

    assert await kinds(pool) == ["payment_confirmed"]


async def test_receipts_and_notices_written_together_are_those_of_each_alone(pool: Pool) -> None:
    one = told(PledgesCharged, campaign=SLUG, notice=a_notice(), charged_at=AFTER_THE_END)
    other = msgspec.structs.replace(
        a_notice(), supporter_id=SupporterId("sup-other"), pledge_ids=(PledgeId("pool-intent-x"),)
    )
    due = charge_notice("close")
    untrue, fine = due, msgspec.structs.replace(due, notice=other)

    async with transaction(pool) as conn:
        await payment_mails.confirm_payments(conn, [one, one])
        await payment_mails.give_notices(conn, [untrue, fine, fine])

    assert await kinds(pool) == ["payment_confirmed", "charge_notice"]


async def test_every_pledge_of_a_bundle_has_a_confirmation_of_its_own(pool: Pool) -> None:
    ids = [PledgeId(f"{ORDER}-one"), PledgeId(f"{ORDER}-two")]

    await tell(pool, *(told(PledgeCreated, pledge=a_pledge(pledge_id=each)) for each in ids))

    assert await kinds(pool) == ["pledge_confirmed", "pledge_confirmed"]


async def test_a_cancellation_that_is_heard_first_leaves_nothing_to_confirm(pool: Pool) -> None:
    cancelled = told(PledgeCancelled, pledge=a_pledge(status="cancelled", revision=2))

    await tell(pool, cancelled, told(PledgeCreated, pledge=a_pledge()))

    assert await kinds(pool) == ["pledge_cancelled"]


async def test_a_second_decline_is_told_again_and_a_repeat_of_the_first_is_not(pool: Pool) -> None:
    first = told(
        PledgesChargeFailed,
        campaign=SLUG,
        notice=a_notice(),
        failed_at=AFTER_THE_END,
        decline_code="do_not_honor",
    )
    second = msgspec.structs.replace(
        first, event_id=EventId("second"), failed_at=AFTER_THE_END.replace(hour=9)
    )

    await tell(pool, first, second, first)

    assert await kinds(pool) == ["payment_failed", "payment_failed"]


async def test_an_order_refused_by_two_services_is_explained_once(pool: Pool) -> None:
    by_checkout = told(
        CheckoutRefused,
        order_id=ORDER,
        email=EMAIL,
        language="es",
        campaign=SLUG,
        reason="deadline_passed",
    )

    await tell(pool, by_checkout, every_event()[-1])

    assert await kinds(pool) == ["not_counted"]


async def test_a_bundle_has_one_mail_that_names_what_counts_and_what_does_not(pool: Pool) -> None:
    late = RefusedPart(campaign=OTHER.slug, reason="deadline_passed")
    refusal = told(
        CheckoutRefused,
        order_id=ORDER,
        email=EMAIL,
        language="en",
        campaign=late.campaign,
        reason=late.reason,
        is_told=True,
    )

    await tell(pool, refusal, told(PledgeCreated, pledge=a_pledge(), refused=(late,)))

    (row,) = await pool.fetch("SELECT kind, facts -> 'refused' AS refused FROM mails")
    assert (row["kind"], row["refused"]) == ("pledge_confirmed", [msgspec.to_builtins(late)])


async def test_a_bundle_of_which_nothing_counts_has_one_mail_too(pool: Pool) -> None:
    parts = {"order_id": ORDER, "email": EMAIL, "language": "en"}
    also = RefusedPart(campaign=OTHER.slug, reason="sold_out")
    first = told(CheckoutRefused, **parts, campaign=SLUG, reason="sold_out", also=(also,))
    second = told(CheckoutRefused, **parts, campaign=OTHER.slug, reason="sold_out", is_told=True)

    await tell(pool, second, first)

    (row,) = await pool.fetch("SELECT kind, campaign, facts -> 'refused' AS refused FROM mails")
    assert (row["kind"], row["campaign"]) == ("not_counted", SLUG)
    assert row["refused"] == [msgspec.to_builtins(also)]


async def test_what_was_refused_is_told_though_the_rest_was_cancelled_before_its_mail(
    pool: Pool,
) -> None:
    late = RefusedPart(campaign=OTHER.slug, reason="deadline_passed")
    cancelled = told(PledgeCancelled, pledge=a_pledge(status="cancelled", revision=2))

    await tell(pool, cancelled, told(PledgeCreated, pledge=a_pledge(), refused=(late,)))

    assert await kinds(pool) == ["pledge_cancelled", "not_counted"]


async def test_the_recipient_is_one_person_however_the_address_is_written(pool: Pool) -> None:
    other = PledgeId("pool-intent-other")
    await tell(
        pool,
        told(PledgeCreated, pledge=a_pledge(email="Noor@HalfMoon.example")),
        told(PledgeCreated, pledge=a_pledge(pledge_id=other, email="noor@halfmoon.example")),
    )

    rows = await pool.fetch("SELECT recipient, address FROM mails ORDER BY mail_number")

    assert {row["recipient"] for row in rows} == {"noor@halfmoon.example"}
    assert rows[0]["address"] == "Noor@HalfMoon.example"


async def test_an_older_definition_changes_nothing(pool: Pool) -> None:
    await tell(
        pool,
        told(CampaignPublished, definition=a_definition(version=3, title="Third")),
        told(CampaignPublished, definition=a_definition(version=2, title="Second")),
        told(PlatformPublished, definition=PlatformDefinition(version=2, platform_name="Two")),
        told(PlatformPublished, definition=PlatformDefinition(version=1, platform_name="One")),
    )

    async with transaction(pool) as conn:
        campaigns = await definitions.list_campaigns(conn, [SLUG])
        platform = await definitions.read_platform(conn)
    assert campaigns[SLUG].title == "Third"
    assert platform.platform_name == "Two"


async def test_the_service_can_neither_rewrite_a_mail_nor_its_deliveries(pool: Pool) -> None:
    """S-60: append-only means that the role itself may not."""
    rows = await pool.fetch(
        """
        SELECT table_name, column_name, privilege_type
        FROM information_schema.column_privileges
        WHERE grantee = 'pool_notify'
          AND table_name IN ('mails', 'deliveries')
          AND privilege_type = 'UPDATE'
        """
    )
    deletable = await pool.fetchval(
        """
        SELECT count(*)
        FROM information_schema.table_privileges
        WHERE grantee = 'pool_notify'
          AND table_name IN ('mails', 'deliveries', 'campaigns', 'platform_names')
          AND privilege_type = 'DELETE'
        """
    )

    assert {(row["table_name"], row["column_name"]) for row in rows} == {
        ("mails", name)
        for name in (
            "status",
            "attempts",
            "edition",
            "first_attempt_at",
            "next_attempt_at",
            "resend_id",
            "sent_at",
            "batch_id",
        )
    }
    assert deletable == 0


async def test_confirmations_written_together_are_those_of_each_alone(pool: Pool) -> None:
    ids = [PledgeId(f"pool-intent-{number}") for number in range(4)]
    pledges = [a_pledge(pledge_id=each) for each in ids]
    gone = msgspec.structs.replace(pledges[1], status="cancelled", revision=2)
    await tell(pool, told(PledgeCancelled, pledge=gone), told(PledgeCreated, pledge=pledges[0]))

    news = [told(PledgeCreated, pledge=each) for each in (*pledges, pledges[3])]
    async with transaction(pool) as conn:
        await pledge_mails.confirm_pledges(conn, news)

    rows = await pool.fetch(
        "SELECT cause FROM mails WHERE kind = 'pledge_confirmed' ORDER BY mail_number"
    )
    assert [row["cause"] for row in rows] == [f"{ids[each]}:1" for each in (0, 2, 3)]
