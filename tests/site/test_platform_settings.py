"""What platform.yml may say, and what holds while it is wrong."""

from pathlib import Path

import pytest

from contracts.campaign import ReportRules
from services.site.publishing.content import check_folder, read_folder
from tests.site.files import a_file, read


def test_platform_settings_are_all_optional(tmp_path: Path) -> None:
    platform = read(tmp_path, a_file()).platform.definition

    assert (platform.platform_name, platform.sales_tax_rate) == ("The Pool", "0.07875")


def test_platform_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "platform.yml").write_text(
        "platform_name: Ferry House\ntimezone: Europe/Madrid\n"
        "pricing: {sales_tax_rate: 0.0825, default_tip_percent: 0, max_tip_percent: 10}\n"
        "shipping: {fallback_flat_rate: 4.25, countries: [US, CA]}\n"
        "recovery: {window_days: 14}\n"
        "reports: {send_time: 6:30, subject_prefix: ' [Ferry] ', fulfillment_report: false}\n"
        "branding: {color_page_background: '#ffffff', radius_md: 6px}\n"
        "add_ons:\n  products: [{id: mug, name: Mug, price: 9.5, category: digital}]\n"
    )

    found = read(tmp_path, a_file())

    platform = found.platform.definition
    assert found.mistakes == ()
    assert (platform.timezone, platform.sales_tax_rate) == ("Europe/Madrid", "0.0825")
    assert (platform.tip_percent_default, platform.tip_percent_max) == (0, 10)
    assert (platform.shipping_fallback_cents, platform.recovery_window_days) == (425, 14)
    assert platform.add_ons[0].price_cents == 950
    assert platform.reports == ReportRules(
        minute=390, subject_prefix="[Ferry]", sends_fulfillment=False
    )
    starts_at = found.campaigns[0].document.definition.starts_at
    assert starts_at.isoformat() == "2026-05-25T22:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        pytest.param("colour: red", "colour", id="unknown"),
        pytest.param("timezone: Mars/Olympus", "timezone", id="zone"),
        pytest.param("pricing: {max_tip_percent: 16}", "pricing.max_tip_percent", id="tip"),
        pytest.param("pricing: {sales_tax_rate: 7.8}", "pricing.sales_tax_rate", id="tax"),
        pytest.param("recovery: {window_days: 2}", "recovery.window_days", id="recovery"),
        pytest.param("reports: {send_time: '7'}", "reports.send_time", id="no time"),
        pytest.param("reports: {send_time: '24:00'}", "reports.send_time", id="no such time"),
        pytest.param(
            "reports: {send_time: '20:01'}", "reports.send_time", id="too near to midnight"
        ),
        pytest.param("reports: {enabled: maybe}", "reports.enabled", id="no switch"),
        pytest.param(
            "reports: {stats_summary: false, csv_attachment: false}",
            "reports.csv_attachment",
            id="a report of nothing",
        ),
        pytest.param("reports: {hour: 7}", "reports.hour", id="not a part of reports"),
        pytest.param("branding: {font_body: 'url(evil)'}", "branding.font_body", id="css code"),
        pytest.param(
            "branding: {color_paper: '#fff'}", "branding.color_paper", id="no key of ours"
        ),
        pytest.param(
            "branding: {color_text_muted: '#7b8494'}", "branding.color_text_muted", id="too pale"
        ),
        pytest.param("- a", "", id="a list"),
    ],
)
def test_a_mistake_in_the_platforms_settings_is_named(
    tmp_path: Path, text: str, field: str
) -> None:
    (tmp_path / "platform.yml").write_text(text)

    mistakes = check_folder(tmp_path)

    assert [(each.file, each.line, each.field) for each in mistakes] == [("platform.yml", 1, field)]


def test_bad_platform_settings_leave_the_last_good_ones(tmp_path: Path) -> None:
    (tmp_path / "platform.yml").write_text("timezone: Europe/Madrid\n")
    good = read(tmp_path, a_file()).platform
    (tmp_path / "platform.yml").write_text("timezone: Nowhere\n")

    found = read_folder(tmp_path, last_good=good)

    assert found.platform == good
    assert found.campaigns[0].document.definition.timezone == "Europe/Madrid"
