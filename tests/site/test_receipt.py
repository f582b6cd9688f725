"""The page people come back to: honest at every stage of an order."""

import msgspec
import pytest

from contracts.api.checkout import CardWarning
from services.site.cart.receipt import resume_pairs, success_page
from tests.site.carts import (
    CHAIR,
    CUSTOM,
    HALL,
    PRINT,
    TAKE,
    receipt,
    receipt_share,
    shop,
)
from tests.site.stages import AFTER


@pytest.mark.parametrize(
    ("status", "heading", "refreshes", "has_receipt"),
    [
        ("persisted", "Thank you. Your card is saved, not charged.", False, True),
        ("completed", "Your card is saved. We are writing down your pledge.", True, True),
        ("open", "We have not heard yet that your card is saved.", True, True),
        ("expired", "Nothing was saved, and nothing was charged.", False, False),
        ("abandoned", "Nothing was saved, and nothing was charged.", False, False),
        ("too_late", "Nothing was pledged, and nothing is charged.", False, False),
    ],
)
def test_nothing_is_called_a_pledge_before_it_is_one(
    status: str, heading: str, refreshes: bool, has_receipt: bool
) -> None:
    page = success_page(receipt(status), shop(), TAKE, "en", order_id="pool-intent-0")

    assert page.heading == heading
    assert bool(page.refresh_seconds) is refreshes
    assert bool(page.bought) is has_receipt
    assert (page.tag is not None and page.tag.text == "Pledge confirmed") is (status == "persisted")


def test_a_receipt_says_what_it_costs_why_and_what_happens_next() -> None:
    page = success_page(receipt(), shop(), TAKE, "en", order_id="pool-intent-0")

    assert page.reference == "Pledge 01234567"
    assert [row.label for row in page.totals][-1] == "Total, if the film is funded"
    assert [moment.when for moment in page.next] == [
        "Today",
        "Sunday, December 13, 11:59\u00a0pm Mountain Time",
        "Monday, December 14",
    ]
    assert "$69.00" in page.next[-1].text


def test_a_card_that_will_not_last_is_said_at_once() -> None:
    warning = CardWarning(exp_month=12, exp_year=2026, needed_until=AFTER)
    warned = msgspec.structs.replace(receipt(), card_warning=warning)

    page = success_page(warned, shop(), TAKE, "en", order_id="x")

    assert page.warning
    assert page.warning.title == "Your card expires at the end of 12/2026."
    assert "December 14, 2026" in page.warning.text


def test_a_bundle_tells_of_each_film_and_which_one_came_too_late() -> None:
    take = receipt_share(TAKE, "The Long Take", (PRINT, 6_000))
    hall = receipt_share(
        HALL, "The Hall", (CHAIR, 1_000), state="refused", reason="deadline_passed"
    )
    page = success_page(receipt("persisted", take, hall), shop(), TAKE, "en", order_id="x")

    assert [share.notice is not None for share in page.bought] == [False, True]
    assert page.bought[1].notice
    assert "You don't pay for it" in page.bought[1].notice.title
    assert not any("The Hall" in moment.text for moment in page.next)


def test_an_order_nobody_knows_and_one_nobody_can_look_up_are_told_apart() -> None:
    unknown = success_page(None, shop(), TAKE, "es", order_id="pool-intent-0")
    away = success_page(None, shop(), TAKE, "es", order_id="pool-intent-0", is_away=True)

    assert (unknown.refresh_seconds, unknown.status) == (0, "")
    assert (away.refresh_seconds, away.status) == (10, "away")
    assert unknown.heading != away.heading


def test_an_order_can_be_wanted_again_as_it_was() -> None:
    order = receipt("open", receipt_share(TAKE, "The Long Take", (PRINT, 6_000), (CUSTOM, 1_250)))

    assert resume_pairs(order) == (
        (f"item.{PRINT}", "1"),
        (f"item.{CUSTOM}", "12.50"),
        ("tip", "5"),
        ("order", order.order_id),
    )
