"""A page of the dashboard renews itself while its work is under way, and only then."""

from typing import Any

import pytest

from tests.site.running import Behind, RunningSite
from tests.site.test_admin_screens import REFUNDS, RUN, ada, settled

BEGUN: dict[str, Any] = {**REFUNDS, "isRefunding": True, "openCharges": 2}
ENDED: dict[str, Any] = {**BEGUN, "hasEnded": True, "openCharges": 0}
SETTLEMENT = "/admin/settlement/long-take/"
REFUND = "/admin/settlement/long-take/refund/"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param((SETTLEMENT, "running", REFUNDS, True), id="charging"),
        pytest.param((SETTLEMENT, "settled", REFUNDS, False), id="settled"),
        pytest.param((SETTLEMENT, "settled", BEGUN, True), id="settled and refunded"),
        pytest.param((SETTLEMENT, "settled", ENDED, False), id="all went back"),
        pytest.param((REFUND, "settled", REFUNDS, False), id="nobody refunds"),
        pytest.param((REFUND, "settled", BEGUN, True), id="refunding"),
        pytest.param((REFUND, "settled", ENDED, False), id="refunded"),
    ],
)
async def test_a_page_waits_only_while_its_work_is_under_way(
    one_film: RunningSite,
    shared: tuple[RunningSite, Behind],
    case: tuple[str, str, dict[str, Any], bool],
) -> None:
    path, status, refunds, is_under_way = case
    visitor = await ada(one_film)
    services = settled(shared)
    services.known["/admin/settlements/long-take"] = (200, {**RUN, "status": status})
    services.known["/admin/refunds/long-take"] = (200, refunds)

    page = (await visitor.get(path)).text

    marks = ("data-waits", "/js/watch.js", "Look again")
    assert [mark in page for mark in marks] == [is_under_way] * len(marks)
