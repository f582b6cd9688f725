"""Figures on screens: what an owner answered, in order, told apart from estimates, as files."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from contracts.api.analytics import (
    Breakdown,
    BreakdownRow,
    CampaignAnalytics,
    CampaignFigures,
    Day,
    MoneyPart,
    Overview,
)
from contracts.ids import CampaignSlug
from services.site.admin.analytics import (
    DAYS_FILLED,
    Sorting,
    every_day,
    money_rows,
    read_sorting,
    sort_campaigns,
)
from services.site.admin.analytics_files import campaign_csv
from tests.site.admins import Visitor, signed_in
from tests.site.running import Behind, RunningSite

AT = datetime(2026, 11, 20, 7, tzinfo=UTC)
NOTHING = {each.name: 0 for each in msgspec.structs.fields(MoneyPart)} | {"fee_knowledge": "none"}


def part(**sums: Any) -> MoneyPart:
    return MoneyPart(**{**NOTHING, **sums})


CHARGED = part(
    pledges=2,
    campaign=10_000,
    tips=500,
    tax=788,
    shipping=600,
    total=11_888,
    fees=405,
    fees_known=203,
    fee_knowledge="mixed",
    campaign_net=9_659,
    platform_net=483,
    tax_net=761,
    shipping_net=580,
    net=11_483,
)


def figures(slug: str = "long-take", title: str = "The Long Take", **more: Any) -> CampaignFigures:
    sums: dict[str, Any] = {
        "goal": 250_000,
        "pledged": 15_000,
        "pledges": 3,
        "supporters": 3,
        "made": 4,
        "standing": 3,
        "average": 5_000,
        "late_support": 0,
        "failed_pledges": 1,
        "failed": 5_944,
        "charged": CHARGED,
        "open": part(pledges=1, campaign=5_000, total=5_944, fees=202, fee_knowledge="estimated"),
    }
    return CampaignFigures(campaign_slug=CampaignSlug(slug), title=title, **{**sums, **more})


def analytics(**more: Any) -> CampaignAnalytics:
    facts: dict[str, Any] = {
        "figures": figures(),
        "breakdowns": (
            Breakdown(name="status", rows=(BreakdownRow(key="charged", count=2, amount=10_000),)),
            Breakdown(
                name="ref",
                rows=(
                    BreakdownRow(key="=ada", count=2, amount=10_000),
                    BreakdownRow(key="", count=1, amount=5_000),
                ),
            ),
        ),
        "days": (
            Day(day=date(2026, 11, 2), made=1, cancelled=0, change=5_000, pledged=5_000),
            Day(day=date(2026, 11, 4), made=3, cancelled=1, change=10_000, pledged=15_000),
        ),
        "timezone": "America/Denver",
        "starts_at": AT - timedelta(days=19),
        "deadline_at": AT + timedelta(days=9),
        "as_of": AT - timedelta(days=14),
    }
    return CampaignAnalytics(**{**facts, **more})


async def ada(site: RunningSite) -> Visitor:
    return await signed_in(site, "ada@pool.example")


def answers(shared: tuple[RunningSite, Behind], *documents: object) -> Behind:
    services = shared[1]
    services.forget()
    services.queue.extend((200, msgspec.to_builtins(each)) for each in documents)
    return services


async def test_a_campaigns_figures_say_which_of_them_are_estimates(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = answers(shared, analytics(), analytics())

    page = await visitor.get("/admin/analytics/long-take/")
    spanish = await visitor.get("/es/admin/analytics/long-take/")

    assert page.status_code == 200
    assert services.heard[0].target == "/admin/figures/long-take"
    said = ("$118.88", "partly estimated", "=ada", "Nothing known", "November 3, 2026", "−$4.05")
    for each in said:
        assert each in page.text, each
    assert "en parte estimado" in spanish.text
    # What draws is on this page alone, and from our own address.
    assert "/vendor/uplot/" in page.text
    assert "/vendor/uplot/" not in (await visitor.get("/admin/")).text
    assert "script-src 'self';" in page.headers["content-security-policy"]


async def test_before_the_first_pledge_screens_say_so(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    empty = figures(made=0, pledged=0, pledges=0, average=0, failed=0, charged=part(), open=part())
    answers(
        shared,
        analytics(figures=empty, days=(), breakdowns=()),
        Overview(campaigns=(), supporters=0),
    )

    one = await visitor.get("/admin/analytics/long-take/")
    none = await visitor.get("/admin/analytics/")

    assert "No pledge yet" in one.text
    assert "uplot" not in one.text
    assert "No campaign yet" in none.text


async def test_a_campaign_user_sees_and_takes_their_own_rows(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    rights = {"role": "campaign", "campaigns": ["long-take"]}
    visitor = await signed_in(one_film, "theirs@pool.example", **rights)
    overview = Overview(campaigns=(figures(), figures("secret-film", "Secret")), supporters=7)
    answers(shared, overview, overview)

    page = await visitor.get("/admin/analytics/")
    file = await visitor.get("/admin/analytics.csv")

    assert "The Long Take" in page.text
    for shown in (page.text, file.text):
        assert "Secret" not in shown
        assert "secret-film" not in shown
    (row,) = csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"), newline=""))
    assert (row["campaign"], row["charged_total"], row["charged_net"]) == (
        "long-take",
        "118.88",
        "114.83",
    )


async def test_who_took_a_file_is_written_down(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    answers(shared, analytics())

    file = await visitor.get("/admin/analytics/long-take/csv")

    assert 'filename="long-take-figures.csv"' in file.headers["content-disposition"]
    log = await visitor.get("/admin/audit/", params={"action": "figures_downloaded"})
    assert "Downloaded figures" in log.text


async def test_missing_fees_are_asked_for_by_a_super_and_written_down(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = answers(shared, analytics())
    services.queue.append((200, {"campaignSlug": "long-take", "asked": 2}))

    page = await visitor.get("/admin/analytics/long-take/")
    done = await visitor.post("/admin/analytics/long-take/fees")

    assert "Ask Stripe for the missing fees" in page.text
    assert done.headers["location"] == "/admin/analytics/long-take/?done=fees-asked"
    assert services.heard[-1].target == "/admin/analytics/stripe-financials/backfill"
    assert services.heard[-1].body == b'{"campaignSlug":"long-take","dryRun":false}'
    log = await visitor.get("/admin/audit/", params={"action": "fees_asked"})
    assert "Had Stripe asked for missing fees" in log.text


def test_a_file_opens_no_formula_and_has_every_day() -> None:
    rows = list(csv.DictReader(io.StringIO(campaign_csv(analytics()).decode("utf-8-sig"))))

    assert {
        "section": "breakdown",
        "name": "ref",
        "key": "'=ada",
        "count": "2",
        "amount": "100.00",
    } in rows
    days = [(row["key"], row["amount"]) for row in rows if row["section"] == "day"]
    assert days == [
        ("2026-11-01", "0.00"),
        ("2026-11-02", "50.00"),
        ("2026-11-03", "50.00"),
        ("2026-11-04", "150.00"),
        ("2026-11-05", "150.00"),
        ("2026-11-06", "150.00"),
    ]


def test_days_end_with_the_campaign_and_a_long_one_is_not_filled() -> None:
    over = analytics(as_of=AT + timedelta(days=99))
    long_ago = analytics(starts_at=AT - timedelta(days=DAYS_FILLED + 60))

    assert every_day(over)[-1].day == date(2026, 11, 28)
    assert every_day(long_ago) == long_ago.days


@pytest.mark.parametrize(
    ("asked", "first"), [("", "b"), ("-pledged", "b"), ("pledged", "a"), ("title", "a"), ("x", "b")]
)
def test_the_table_is_sorted_as_asked(asked: str, first: str) -> None:
    campaigns = (figures("a", "A", pledged=1), figures("b", "B", pledged=2))

    assert sort_campaigns(campaigns, read_sorting(asked))[0].campaign_slug == first


def test_a_second_press_turns_the_order() -> None:
    assert Sorting().asked("pledged") == "pledged"
    assert Sorting(by="pledged", is_rising=True).asked("pledged") == "-pledged"
    assert Sorting().asked("fees") == "-fees"


def test_the_table_of_money_takes_away_what_is_gone() -> None:
    rows = {each.name: each for each in money_rows(CHARGED, part(fees=202))}

    assert rows["fees"].together == -405 - 202
    assert rows["net"].is_sum
