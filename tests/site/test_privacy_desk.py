"""The counter for one's own data: read, taken along, erased; and what is in the way of it."""

import json

import msgspec
import pytest

from services.site.cart.answers import Refused
from services.site.manage.demo import demo_record
from services.site.manage.shown import Taken
from tests.site import carts
from tests.site.manage_pages import a_record, an_export
from tests.site.test_manage_desk import Behind, outcome, serve

AWAY = Refused(status=503, error="unavailable")
GONE = Refused(status=404, error="not_found")


async def test_everything_is_told_in_plain_words() -> None:
    behind = Behind()

    shown = await serve(behind, t="root", do="data")

    assert behind.asked == ["export", "sent"]
    own = shown.page.own_data
    assert own is not None
    assert ("Email", "noor@halfmoon.example") in own.facts
    facts = dict(own.pledges[0].facts)
    assert facts["Your frame number"] == "7"
    assert facts["In the credits"] == "Noor H., shown to other supporters"
    assert facts["Sent to"].startswith("Noor Haddad, 12 Harbor Street")
    assert facts["The link you came by said"] == "newsletter"
    assert own.pledges[0].moved[0] == ("Charged to your card", "$82.01")
    assert [each.text for each in own.mails] == [
        "Pledge confirmed | The Long Take (sent)",
        "Refund | The Long Take (could not be delivered)",
    ]


async def test_without_the_mails_the_page_says_so_and_there_is_no_half_a_file() -> None:
    behind = Behind(sent=AWAY)

    read = await serve(behind, t="root", do="data")
    taken = await serve(behind, t="root", do="download")

    assert read.status == 200
    assert read.page.own_data is not None
    assert "can't be listed" in read.page.own_data.mails_note
    assert taken.status == 503
    assert taken.page.trouble is not None


async def test_the_file_has_what_both_services_said_as_they_said_it() -> None:
    taken = await outcome(Behind(), t="root", do="download")

    assert isinstance(taken, Taken)
    assert json.loads(taken.body).keys() == {"email", "pledges", "mails"}
    assert b"12.50" in taken.body


async def test_looking_erases_nobody() -> None:
    behind = Behind()

    for deed in ("data", "download", "erase"):
        await outcome(behind, t="root", do=deed)

    assert "erase" not in behind.asked


async def test_before_anything_is_erased_it_is_said_what_goes_and_what_stays() -> None:
    shown = await serve(Behind(), t="root", do="erase")

    asked = shown.page.farewell
    assert asked is not None
    assert asked.is_possible
    assert asked.pledges == (("The Long Take", "$82.01 is cancelled at once. Nothing is charged."),)
    assert asked.goes
    assert asked.stays


@pytest.mark.parametrize("state", ["locked", "payment_failed", "needs_bank"])
async def test_while_a_charge_may_be_under_way_there_is_no_button(state: str) -> None:
    charging = demo_record(state, carts.shop().now)
    behind = Behind(export=an_export(a_record(), charging))

    shown = await serve(behind, t="root", do="erase")

    assert shown.page.farewell is not None
    assert not shown.page.farewell.is_possible


async def test_who_was_paid_for_something_posted_is_warned() -> None:
    paid = msgspec.structs.replace(demo_record("charged", carts.shop().now))
    shown = await serve(Behind(export=an_export(paid)), t="root", do="erase")

    assert shown.page.farewell is not None
    assert "can't be sent any more" in shown.page.farewell.warnings[0]


async def test_a_second_press_is_told_what_the_first_was() -> None:
    first, second = Behind(), Behind(erase=GONE, export=GONE)

    pages = [await serve(each, t="root", do="forget") for each in (first, second)]

    assert pages[0] == pages[1]
    assert (pages[0].status, pages[0].page.mode) == (200, "erased")
    assert first.asked == second.asked == ["erase"]


async def test_a_refusal_is_said_and_the_question_asked_again() -> None:
    for no, status in ((Refused(status=409, error="charge_open"), 409), (AWAY, 503)):
        shown = await serve(Behind(erase=no), t="root", do="forget")
        assert (shown.status, shown.page.mode) == (status, "erase")
        assert shown.page.trouble is not None


async def test_a_link_of_nobody_opens_nothing() -> None:
    for deed in ("data", "download", "erase"):
        shown = await serve(Behind(export=GONE), t="root", do=deed)
        assert (shown.status, shown.page.mode) == (404, "shell")
        assert shown.page.trouble is not None
    lost = Behind(
        erase=Refused(status=401, error="invalid_link"), export=Refused(status=401, error="x")
    )
    shown = await serve(lost, t="root", do="forget")
    assert (shown.status, shown.page.mode) == (401, "shell")
