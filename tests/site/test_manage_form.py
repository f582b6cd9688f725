"""What the manage page's form says, and what is asked of the ledger for it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.refusals import InputRefused
from services.site.manage.changes import basket_of_preview, basket_of_record, differences
from services.site.manage.form import body_of, cents_of, dollars, form_of, read_form
from services.site.manage.history import history
from tests.site import carts
from tests.site.manage_pages import FORM, a_change, a_preview, a_record


def test_a_form_that_changes_nothing_asks_for_what_there_is() -> None:
    record = a_record()
    form = form_of(record, FORM)

    body = body_of(form, record, single_tier=False, language="en", saves=False)

    assert body["addTiers"] == [{"id": "print", "qty": 1}, {"id": "credit", "qty": 2}]
    assert (body["tipPercent"], body["revision"], body["customAmount"]) == (5, 2, "0")
    assert "shippingAddress" not in body
    assert "expectedAmount" not in body


def test_what_was_typed_is_sent_and_what_was_shown_is_expected() -> None:
    record = a_record()
    form = read_form(
        (
            *(("t", "root"), ("p", "own"), ("do", "save"), ("revision", "2")),
            *(
                ("tier.print", "1"),
                ("tier.credit", "0"),
                ("item.lab", "20.50"),
                ("custom", "$1,000"),
            ),
            *(("extra.addon__shirt__variant__small", "2"), ("option", "signature_required")),
            *(("tip-was", "5"), ("tip-stop", "10"), ("tip", "5"), ("answer.print.Your frame", "8")),
            *(
                ("name", "Noor"),
                ("address1", "Calle 1"),
                ("postalCode", "28001"),
                ("country", "ES"),
            ),
            *(("expected", "9141"), ("linked.pool-intent-x", "2100"), ("key", "k")),
        )
    )

    body = body_of(form, record, single_tier=False, language="es", saves=True)

    assert form.link == body["token"] == "own"
    assert body["addTiers"] == [{"id": "print", "qty": 1, "fields": {"Your frame": "8"}}]
    assert body["supportItems"] == [{"id": "lab", "amount": "20.50"}]
    assert (body["customAmount"], body["tipPercent"]) == ("1000", 10)
    assert body["bundleAddOns"] == [{"productId": "shirt", "variantId": "small", "quantity": 2}]
    assert body["shippingAddress"]["address1"] == "Calle 1"
    assert (body["expectedAmount"], body["expectedLinked"]) == (9_141, {"pool-intent-x": 2_100})


def test_where_one_reward_may_be_had_the_chosen_one_is_asked_for() -> None:
    form = read_form((("one-tier", "hand"), ("tier.chair", "1")))

    body = body_of(form, a_record(), single_tier=True, language="en", saves=False)

    assert body["addTiers"] == [{"id": "hand", "qty": 1}]


def test_one_more_and_one_less_work_without_scripts() -> None:
    more = read_form((("tier.credit", "2"), ("more", "tier.credit")))
    less = read_form((("extra.addon__pin", "0"), ("less", "extra.addon__pin")))

    assert (more.deed, more.tiers) == ("look", {"credit": "3"})
    assert less.extras == {"addon__pin": "0"}


@pytest.mark.parametrize(
    ("name", "typed"),
    [("tier.credit", "two"), ("tier.credit", "9999"), ("custom", "1.005"), ("item.lab", "-1")],
)
def test_what_cannot_be_read_is_refused_before_anybody_is_asked(name: str, typed: str) -> None:
    form = read_form(((name, typed),))

    with pytest.raises(InputRefused):
        body_of(form, a_record(), single_tier=False, language="en", saves=False)


@pytest.mark.parametrize("pair", [("t", "x" * 2_049), ("custom", "1\x00"), ("x" * 501, "")])
def test_what_no_field_of_ours_holds_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(InputRefused):
        read_form((pair,))


@given(st.integers(0, 100_000_000))
def test_an_amount_is_read_as_it_is_written(cents: int) -> None:
    assert cents_of(dollars(cents)) == cents


@given(st.text(max_size=12))
def test_no_text_is_more_than_an_amount_or_nothing(typed: str) -> None:
    cents = cents_of(typed)

    assert cents is None or 0 <= cents <= 100_000_000


def test_a_comparison_names_what_is_another_and_nothing_else() -> None:
    record = a_record()

    rows = differences(basket_of_record(record), basket_of_preview(a_preview(record), record), "en")

    assert [(row.label, row.before, row.after) for row in rows] == [
        ("A credit", "2", "3"),
        ("Tip", "5%", "10%"),
    ]


def test_another_address_and_another_answer_are_changes_too() -> None:
    place = {"name": "Noor", "address1": "Calle 1", "postalCode": "28001", "country": "ES"}
    change = a_change(address=place, answers={"print": {"Your frame number": "8"}})

    labels = [row.label for row in change.changes()]

    assert labels[-2:] == ["Where it goes", "Your frame number"]


def test_history_says_from_what_to_what_and_the_newest_lines_alone_when_asked() -> None:
    record, shop = a_record(), carts.shop()

    lines = history(record, shop, "en")
    since = history(record, shop, "en", since=1)

    assert [each.text for each in lines] == [
        "Pledged $53.71",
        "Changed to $82.01. The premiere from 1 to 2",
    ]
    assert since == lines[1:]


def test_a_new_answer_is_sent_alone() -> None:
    record = a_record()
    form = msgspec.structs.replace(
        form_of(record, FORM), answers={"print": {"Your frame number": "8"}}
    )

    body = body_of(form, record, single_tier=False, language="en", saves=False)

    assert body["addTiers"][0] == {"id": "print", "qty": 1, "fields": {"Your frame number": "8"}}
