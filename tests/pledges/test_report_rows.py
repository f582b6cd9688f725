"""What stands in a report's cells: pure, to the cent, and nothing a spreadsheet would run."""

import csv
import io

import msgspec
import pytest

from contracts.money import Cents
from contracts.pricing import Address, PricedLine, Shipment
from services.pledges.domain.reports import fulfilment, ledger
from services.pledges.domain.reports.cells import as_csv, text
from services.pledges.domain.reports.fulfilment import PaidPledge, shares_of
from services.pledges.domain.reports.ledger import LedgerEntry, LedgerPledge
from tests.pledges.builders import NOW, SLUG, some_lines

PLEDGE = LedgerPledge(
    pledge_id="pool-intent-1", campaign=SLUG, email="noor@halfmoon.example", status="active"
)
SHIRT = PricedLine(
    kind="add_on",
    item_id="shirt",
    label="Shirt (M)",
    quantity=1,
    unit_cents=Cents(2_500),
    total_cents=Cents(2_500),
    counts_toward_goal=False,
    is_physical=True,
)


def an_entry(entry_type: str = "created", **changes: object) -> LedgerEntry:
    """Return a line of history with the specification's figures."""
    entry = LedgerEntry(
        pledge_id=PLEDGE.pledge_id,
        entry_type=entry_type,  # type: ignore[arg-type]
        recorded_at=NOW,
        tip_percent=5,
        goal_delta_cents=5_000,
        subtotal_delta_cents=5_000,
        shipping_delta_cents=300,
        tax_delta_cents=394,
        tip_delta_cents=250,
        total_delta_cents=5_944,
        lines=some_lines() if entry_type == "created" else None,
    )
    return msgspec.structs.replace(entry, **changes)


def told(*entries: LedgerEntry) -> list[dict[str, str]]:
    """Return the rows of a history by column."""
    return [dict(zip(ledger.COLUMNS, row, strict=True)) for row in ledger.rows(PLEDGE, entries)]


def without_money(**changes: int) -> dict[str, int]:
    """Return deltas of nothing but what is named."""
    names = ("goal", "subtotal", "shipping", "tax", "tip", "total")
    return {f"{name}_delta_cents": changes.get(name, 0) for name in names}


def test_a_ledger_has_its_sixteen_columns_and_a_fulfilment_its_fourteen() -> None:
    assert ",".join(ledger.COLUMNS) == (
        "email,campaign,items,add_on_items,campaign_subtotal,platform_add_on_subtotal,subtotal,"
        "tip_percent,tip,tax,shipping,total,status,charged,created_at,order_id"
    )
    assert ",".join(fulfilment.COLUMNS) == (
        "email,campaign,fulfiller,items,add_on_items,campaign_subtotal,platform_add_on_subtotal,"
        "subtotal,tip_percent,tip,tax,shipping,total,shipping_address"
    )


def test_the_first_row_tells_all_that_was_pledged_for() -> None:
    (row,) = told(an_entry())

    assert row["items"] == ("Producer credit x2; Custom Support $15.50; Location scouting $14.50")
    assert (row["subtotal"], row["tip"], row["tax"]) == ("50.00", "2.50", "3.94")
    assert (row["shipping"], row["total"], row["tip_percent"]) == ("3.00", "59.44", "5")
    assert (row["status"], row["charged"]) == ("created", "no")
    assert row["created_at"].endswith(".000Z")


def test_a_change_tells_what_came_and_what_went_and_its_deltas() -> None:
    fewer = msgspec.structs.replace(some_lines()[0], quantity=1)
    less = msgspec.structs.replace(some_lines()[2], total_cents=Cents(550))
    changed = an_entry(
        "modified",
        lines=(fewer, less, SHIRT),
        tip_percent=7,
        **without_money(goal=-3_450, subtotal=-950, tip=33, total=-917),
    )

    row = told(an_entry(), changed)[1]

    assert row["items"] == (
        "(modified) -Producer credit; -Custom Support $10.00; -Location scouting $14.50; "
        "tip updated to 7%"
    )
    assert row["add_on_items"] == "(modified) +Shirt (M)"
    assert (row["campaign_subtotal"], row["platform_add_on_subtotal"]) == ("-34.50", "25.00")
    assert (row["subtotal"], row["tip"], row["total"]) == ("-9.50", "0.33", "-9.17")


def test_a_tip_alone_says_so() -> None:
    changed = an_entry(
        "modified", lines=some_lines(), tip_percent=9, **without_money(tip=200, total=200)
    )

    assert told(an_entry(), changed)[1]["items"] == "(tip updated to 9%)"


def test_a_cancellation_takes_back_what_stood_last() -> None:
    changed = an_entry("modified", lines=(*some_lines(), SHIRT), **without_money(subtotal=2_500))
    gone = an_entry("cancelled", **without_money(goal=-5_000, subtotal=-7_500, total=-8_000))

    row = told(an_entry(), changed, gone)[2]

    assert row["items"].startswith("(cancelled) -Producer credit x2; -Custom Support $15.50")
    assert row["add_on_items"] == "(cancelled) -Shirt (M)"
    assert (row["campaign_subtotal"], row["platform_add_on_subtotal"]) == ("-50.00", "-25.00")


@pytest.mark.parametrize("opens", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "  =", "＠"])
def test_no_cell_is_a_formula(opens: str) -> None:
    words = f"{opens}HYPERLINK(1)"

    assert text(words) == f"'{words}"


def test_quotes_commas_and_line_ends_stay_in_their_cell() -> None:
    cells = ('He said "no", twice', "two\r\nlines", "ñandú; 映画")

    assert list(csv.reader(io.StringIO(as_csv([cells]).decode(), newline=""))) == [list(cells)]


def a_paid(**changes: object) -> PaidPledge:
    """Return a charged pledge with the platform's shirt beside it."""
    paid = PaidPledge(
        supporter_id="s1",
        email="noor@halfmoon.example",
        campaign=SLUG,
        goal_cents=5_000,
        subtotal_cents=7_500,
        shipping_cents=800,
        tax_cents=591,
        tip_cents=376,
        lines=(*some_lines(), SHIRT),
        shipping_address=Address(name="Noor", address1="=1 Main St", city="Taos", country="US"),
    )
    return msgspec.structs.replace(paid, **changes)


def sent(*pledges: PaidPledge) -> list[dict[str, str]]:
    """Return fulfilment rows by column."""
    rows = fulfilment.rows(pledges, platform="Halfmoon Ltd")
    return [dict(zip(fulfilment.COLUMNS, row, strict=True)) for row in rows]


def test_what_the_platform_sells_is_the_platforms_to_send() -> None:
    ours, theirs = sent(a_paid())

    assert (ours["campaign"], ours["fulfiller"]) == (SLUG, SLUG)
    assert ours["items"] == (
        "Producer credit (Name in the credits: Jane Doe) x2; Location scouting $14.50"
    )
    assert (theirs["campaign"], theirs["fulfiller"]) == ("", "Halfmoon Ltd")
    assert (theirs["items"], theirs["add_on_items"]) == ("", "Shirt (M)")
    assert (ours["tip"], theirs["tip"]) == ("2.50", "1.26")
    assert (ours["tax"], theirs["tax"]) == ("3.94", "1.97")
    assert ours["shipping_address"] == "Noor, =1 Main St, Taos, US"


@pytest.mark.parametrize("shipping", [800, 0, 1])
@pytest.mark.parametrize("goal", [0, 1, 5_000, 7_500])
def test_two_senders_share_everything_that_was_paid(goal: int, shipping: int) -> None:
    pledge = a_paid(goal_cents=goal, shipping_cents=shipping)

    mine, rest = shares_of(pledge)

    assert mine.total + rest.total == 7_500 + shipping + 591 + 376
    assert min(mine.tip, mine.tax, mine.shipping, rest.tip, rest.tax, rest.shipping) >= 0


def test_postage_follows_the_parcels_where_they_tell() -> None:
    parcels = (
        Shipment(scope="campaign", cents=Cents(100), source="table"),
        Shipment(scope="platform", cents=Cents(700), source="table"),
    )

    mine, rest = shares_of(a_paid(shipments=parcels))

    assert (mine.shipping, rest.shipping) == (100, 700)


def test_one_supporters_pledges_are_one_parcel() -> None:
    plain = a_paid(goal_cents=7_500, lines=some_lines(), shipping_address=None)

    (row,) = sent(plain, msgspec.structs.replace(plain, shipping_address=Address(name="Later")))

    assert row["items"].startswith("Producer credit (Name in the credits: Jane Doe) x4; ")
    assert (row["subtotal"], row["total"]) == ("150.00", "185.34")
    assert row["shipping_address"] == "Later"


def test_support_alone_is_sent_when_it_is_an_item_and_not_when_it_is_an_amount() -> None:
    _, item, amount = some_lines()

    (row,) = sent(a_paid(goal_cents=7_500, lines=(item,)))

    assert row["items"] == "Location scouting $14.50"
    assert not sent(a_paid(goal_cents=7_500, lines=(amount,)))
