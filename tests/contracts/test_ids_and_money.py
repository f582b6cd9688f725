"""Names of things, the one spelling of an address, and cents."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.ids import (
    ORDER_PATTERN,
    CampaignSlug,
    OrderId,
    canonical_email,
    is_slug,
    new_order_id,
    pledge_id,
    supporter_id,
)
from contracts.money import (
    CENTS_MAX,
    apply_percent,
    apply_rate,
    cents_to_dollars,
    dollars_to_cents,
    expected_fee,
)


def test_order_ids_match_their_pattern_and_differ() -> None:
    ids = {new_order_id() for _ in range(1_000)}

    assert len(ids) == 1_000
    assert all(ORDER_PATTERN.fullmatch(each) for each in ids)
    assert {len(each) for each in ids} == {len("pool-intent-") + 32}


def test_a_bundles_pledges_carry_the_campaign_and_a_single_one_is_the_order() -> None:
    order = OrderId("pool-intent-1")

    assert pledge_id(order, CampaignSlug("one-roll"), is_bundle=False) == "pool-intent-1"
    assert pledge_id(order, CampaignSlug("one-roll"), is_bundle=True) == "pool-intent-1-one-roll"


@pytest.mark.parametrize("text", ["a", "one-roll", "9-lives", "x" * 100])
def test_what_a_slug_is(text: str) -> None:
    assert is_slug(text)


@pytest.mark.parametrize(
    "text",
    ["", "-a", "a-", "a--b", "A", "a b", "a/b", "..", "a\n", "ä", "x" * 101, "a\x00", "a_b"],
)
def test_what_a_slug_is_not(text: str) -> None:
    assert not is_slug(text)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        pytest.param("Noor@Halfmoon.Example", "noor@halfmoon.example", id="case"),
        pytest.param("  noor@halfmoon.example\n", "noor@halfmoon.example", id="space around"),
        pytest.param("n.o.or+film@a.co", "n.o.or+film@a.co", id="dots and plus parts stay"),
        pytest.param("noor＠halfmoon.example", "noor@halfmoon.example", id="full-width sign"),
        pytest.param("ﬁlm@a.co", "film@a.co", id="ligature"),
        pytest.param("Zoë@a.co", "zoë@a.co", id="precomposed"),
        pytest.param("Zoe\u0308@a.co", "zoë@a.co", id="combining"),
        pytest.param("a@Straße.de", "a@strasse.de", id="sharp s in the domain"),
        pytest.param("a@bücher.example", "a@xn--bcher-kva.example", id="IDNA"),
        pytest.param("\u212aim@a.co", "kim@a.co", id="Kelvin sign"),
    ],
)
def test_one_person_has_one_spelling(written: str, canonical: str) -> None:
    assert canonical_email(written) == canonical
    assert supporter_id(written) == supporter_id(canonical)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "a@",
        "@a.co",
        "a.co",
        "a@b",
        "a b@c.co",
        "a@b c.co",
        "<a@b.co>",
        "a@b.co,c@d.co",
        "a@b@c.co",
        "a@b..co",
        "a@.co",
        "a@b.co.",
        "a\x00@b.co",
        "a\u200b@b.co",
        "a\r\n@b.co",
        "a\ud800@b.co",
        f"{'a' * 250}@b.co",
        f"a@{'b' * 64}.co",
        "a;b@c.co",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        canonical_email(text)


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_the_canonical_spelling_is_its_own(local: str, domain: str) -> None:
    try:
        canonical = canonical_email(f"{local}@{domain}.co")
    except ValueError:
        return

    assert canonical_email(canonical) == canonical
    assert canonical_email(f"  {canonical} ") == canonical
    assert supporter_id(canonical).startswith("sup_")


@given(st.emails())
def test_ordinary_addresses_are_accepted_in_any_case(address: str) -> None:
    if '"' not in address and "." in address.rpartition("@")[2]:
        assert canonical_email(address.upper()) == canonical_email(address.lower())


# Chance hardly ever finds half a cent, and less often one beside an even cent: 2,362.5.
@example(cents=30_000, rate=Decimal("0.07875"))
@given(
    st.integers(0, CENTS_MAX), st.decimals(0, 1, places=5, allow_nan=False, allow_infinity=False)
)
def test_a_rate_rounds_halves_up_and_nothing_else(cents: int, rate: Decimal) -> None:
    exact = cents * rate

    rounded = apply_rate(cents, rate)

    assert isinstance(rounded, int)
    assert abs(rounded - exact) <= Decimal("0.5")
    assert rounded == (exact + Decimal("0.5")) // 1
    assert rounded == exact.to_integral_value(ROUND_HALF_UP)


@given(st.integers(0, CENTS_MAX), st.integers(0, 15))
def test_a_percentage_is_the_integer_rule_of_the_schema(cents: int, percent: int) -> None:
    """The ledger's CHECK says it in integers: (subtotal × percent + 50) / 100."""
    assert apply_percent(cents, percent) == (cents * percent + 50) // 100


@pytest.mark.parametrize(
    ("subtotal", "tax", "tip_percent", "tip"),
    [
        pytest.param(5_000, 394, 5, 250, id="A: the documents' record"),
        pytest.param(10_000, 788, 5, 500, id="B: half a cent rounds up"),
        pytest.param(5_000, 394, 15, 750, id="C: two posters"),
        pytest.param(3_500, 276, 3, 105, id="D: a shirt"),
        pytest.param(500, 39, 5, 25, id="F: a bundle's half"),
    ],
)
def test_the_worked_examples(subtotal: int, tax: int, tip_percent: int, tip: int) -> None:
    assert apply_rate(subtotal, Decimal("0.07875")) == tax
    assert apply_percent(subtotal, tip_percent) == tip


@given(st.integers(0, CENTS_MAX))
def test_dollars_and_cents_are_one_amount(cents: int) -> None:
    assert dollars_to_cents(Decimal(cents) / 100) == cents
    assert round(cents_to_dollars(cents) * 100) == cents


@pytest.mark.parametrize(
    "dollars", ["19.999", "-0.01", "1000000.01", "NaN", "Infinity", "1e400", "0.001"]
)
def test_what_is_no_amount(dollars: str) -> None:
    with pytest.raises(ValueError, match=r"decimals|amount"):
        dollars_to_cents(Decimal(dollars))


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        pytest.param(5_644, 194, id="163.676 is rounded up"),
        pytest.param(500, 45, id="14.5, half up"),
        pytest.param(100, 33, id="2.9"),
        pytest.param(1_000_000, 29_030, id="a large sum"),
    ],
)
def test_the_expected_fee_is_rounded_half_up(amount: int, fee: int) -> None:
    assert expected_fee(amount) == fee
