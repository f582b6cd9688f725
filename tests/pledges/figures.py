"""What holds for every answer about a campaign's figures, whatever happened to it."""

from contracts.api.analytics import CampaignAnalytics, MoneyPart
from services.pledges.domain.figures import Stats


def assert_adds_up(shown: CampaignAnalytics, stats: Stats) -> None:
    """Assert that cards, parts, breakdowns and days are sums of the same pledges."""
    figures = shown.figures
    assert figures.pledged == stats.pledged_amount
    assert figures.pledges == stats.pledge_count
    assert figures.supporters == stats.supporter_count
    assert (shown.days[-1].pledged if shown.days else 0) == stats.pledged_amount
    assert sum(each.change for each in shown.days) == stats.pledged_amount
    made, gone = (sum(getattr(each, name) for each in shown.days) for name in ("made", "cancelled"))
    assert made - gone == stats.pledge_count
    for part in (figures.charged, figures.open):
        assert_parts_are_the_whole(part)
    rows = {each.name: each.rows for each in shown.breakdowns}
    assert sum(each.count for each in rows.get("status", ())) == figures.made
    sums = {
        (sum(each.count for each in of), sum(each.amount for each in of))
        for name, of in rows.items()
        if name != "status"
    }
    assert len(sums) <= 1, "two breakdowns of the same pledges differ"


def assert_parts_are_the_whole(part: MoneyPart) -> None:
    """Assert that nothing is lost or counted twice between a total and its parts."""
    whole = part.campaign + part.platform_add_ons + part.tips + part.tax + part.shipping
    assert part.total == whole
    assert part.campaign_add_ons <= part.campaign
    assert part.net == part.total - part.returned - part.fees - part.dispute_fees
    nets = part.campaign_net + part.platform_net + part.tax_net + part.shipping_net
    assert part.net == nets - part.dispute_fees
    assert 0 <= part.fees_known <= part.fees
