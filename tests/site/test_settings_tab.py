"""Settings in the dashboard: saved as a hand's edit is, remarks and all, and seen by everybody."""

import re
from pathlib import Path

import pytest

from services.site.admin.settings_fields import SECTIONS, given, section_named
from services.site.public.theme import KEYS
from services.site.publishing.platform_text import changed, values_of
from tests.site.admins import Visitor, keeping_settings
from tests.site.running import Behind, RunningSite, eventually, running_site
from tests.support.stack import Servers
from tests.tidy.source import ROOT

BASE = re.compile(r'name="base" value="([0-9a-f]*)"')
WRITTEN = """\
# The name that everybody sees.
platform_name: The Pool
pricing:
  sales_tax_rate: 0.07875  # New Mexico
  default_tip_percent: 5

# Ours alone.
branding:
  color_primary: "#0a5a69"
"""


def test_a_value_changes_and_every_remark_stays() -> None:
    text = changed(
        WRITTEN,
        {
            "pricing.sales_tax_rate": "0.05",
            "branding.color_primary": "",
            "recovery.window_days": "9",
        },
    )

    assert "# The name that everybody sees." in text
    assert "sales_tax_rate: 0.05  # New Mexico" in text
    assert values_of(text) == {
        "platform_name": "The Pool",
        "pricing.sales_tax_rate": "0.05",
        "pricing.default_tip_percent": "5",
        "recovery.window_days": "9",
    }


def test_saying_the_same_changes_no_byte() -> None:
    shipped = (ROOT / "campaigns/platform.yml").read_text()

    for text in (WRITTEN, shipped, f"---\n{WRITTEN}"):
        assert changed(text, {"platform_name": "The Pool"}) == text


def test_an_empty_file_can_be_begun() -> None:
    assert values_of(changed("", {"platform_name": "Film: club"})) == {
        "platform_name": "Film: club"
    }


def test_every_token_has_a_field_and_what_a_form_lacks_stays() -> None:
    design = section_named("design")
    assert design
    assert {field.path for field in design.fields} == {f"branding.{key}" for key in KEYS}

    assert given(design, [("branding-color_primary", " #123456 ")]) == {
        "branding.color_primary": "#123456"
    }


async def opened(visitor: Visitor, section: str) -> str:
    page = await visitor.get(f"/admin/settings/{section}/")
    assert page.status_code == 200, page.text
    found = BASE.search(page.text)
    assert found
    return found[1]


async def saved(visitor: Visitor, section: str, base: str, **form: str) -> int:
    path = f"/admin/settings/{section}/save"
    named = {name.replace("__", "-"): value for name, value in form.items()}
    return (await visitor.post(path, base=base, **named)).status_code


@pytest.fixture
async def ada(one_film: RunningSite) -> Visitor:
    return await keeping_settings(one_film, WRITTEN)


@pytest.mark.parametrize("section", [each.name for each in SECTIONS])
@pytest.mark.parametrize("prefix", ["", "/es"])
async def test_every_section_is_shown(ada: Visitor, section: str, prefix: str) -> None:
    page = await ada.get(f"{prefix}/admin/settings/{section}/")

    assert page.status_code == 200
    assert 'aria-current="page"' in page.text


async def test_what_is_saved_holds_on_pages_and_in_the_file(
    one_film: RunningSite, ada: Visitor
) -> None:
    base = await opened(ada, "platform")

    assert await saved(ada, "platform", base, platform_name="Cine: de barrio") == 303

    assert "Cine: de barrio" in (await one_film.http.get("/")).text
    written = (one_film.content / "platform.yml").read_text()
    assert "# The name that everybody sees." in written
    assert 'platform_name: "Cine: de barrio"' in written
    assert "# New Mexico" in written
    audit = (await ada.get("/admin/audit/")).text
    assert "Saved settings" in audit
    outcome = await one_film.publish()
    assert outcome["mistakes"] == []
    assert "Cine: de barrio" in (await one_film.http.get("/")).text


async def test_another_process_shows_it_within_seconds(
    one_film: RunningSite, ada: Visitor, servers: Servers, services: Behind, tmp_path: Path
) -> None:

    base = await opened(ada, "platform")
    # It has no folder of its own to publish from: what it knows it knows from Postgres.
    async with running_site(servers, one_film.database, tmp_path, services) as other:
        assert await saved(ada, "platform", base, platform_name="Two of us") == 303

        async def shows() -> bool:
            return "Two of us" in (await other.http.get("/")).text

        await eventually(shows, seconds=8, what=other.log)


async def test_what_the_file_may_not_say_is_not_saved_and_nothing_typed_is_lost(
    one_film: RunningSite, ada: Visitor
) -> None:
    base = await opened(ada, "pricing")
    path = "/admin/settings/pricing/save"

    form = {"pricing-sales_tax_rate": "9.5", "pricing-max_tip_percent": "40"}
    answer = await ada.http.post(path, data={"csrf": ada.csrf, "base": base, **form})

    assert answer.status_code == 400
    assert 'value="9.5"' in answer.text
    assert 'value="40"' in answer.text
    assert answer.text.count('class="field__trouble"') >= 1
    assert (one_film.content / "platform.yml").read_text() == WRITTEN


async def test_the_second_of_two_is_told_and_keeps_what_they_typed(
    one_film: RunningSite, ada: Visitor
) -> None:
    base = await opened(ada, "platform")
    assert await saved(ada, "platform", base, company_name="First Ltd") == 303

    answer = await ada.post("/admin/settings/platform/save", base=base, company_name="Second Ltd")
    again = await ada.post("/admin/settings/platform/save", base=base, company_name="Second Ltd")

    assert (answer.status_code, again.status_code) == (409, 409)
    assert "Second Ltd" in answer.text
    assert "First Ltd" in (one_film.content / "platform.yml").read_text()


async def test_a_hands_edit_counts_like_a_form(one_film: RunningSite, ada: Visitor) -> None:
    base = await opened(ada, "platform")
    (one_film.content / "platform.yml").write_text(WRITTEN.replace("The Pool", "By hand"))
    await one_film.publish()

    assert "By hand" in (await one_film.http.get("/")).text
    assert await saved(ada, "platform", base, platform_name="By form") == 409


async def test_an_edit_that_lost_is_set_aside_not_lost(one_film: RunningSite, ada: Visitor) -> None:
    base = await opened(ada, "platform")
    file = one_film.content / "platform.yml"
    file.write_text(WRITTEN.replace("The Pool", "Lost edit"))
    assert await saved(ada, "platform", base, platform_name="By form") == 303
    assert "Lost edit" in file.read_text(), "nobody writes over what a hand wrote"

    outcome = await one_film.publish()

    assert "set aside" in str(outcome["mistakes"])
    page = (await ada.get("/admin/settings/file/")).text
    assert "Lost edit" in page
    assert "By form" in file.read_text()
    number = re.search(r"settings/(\d+)/settle", page)
    assert number
    await ada.post(f"/admin/settings/{number[1]}/settle")
    assert "Lost edit" not in (await ada.get("/admin/settings/file/")).text


async def test_the_whole_file_can_be_edited_and_says_its_line(
    one_film: RunningSite, ada: Visitor
) -> None:
    base = await opened(ada, "file")
    wrong = f"{WRITTEN}recovery:\n  window_days: 99\n"

    refused = await ada.post("/admin/settings/file/save", base=base, source=wrong)
    taken = await saved(ada, "file", base, source=wrong.replace("99", "9"))

    assert refused.status_code == 400
    assert "platform.yml:11" in refused.text
    assert "window_days: 99" in refused.text
    assert taken == 303
    assert "window_days: 9\n" in (one_film.content / "platform.yml").read_text()


async def test_a_design_is_looked_at_before_it_is_saved(
    one_film: RunningSite, ada: Visitor
) -> None:
    colours = {"branding-color_primary": "#c8e8d0", "branding-color_text": "red;}*{x:y"}

    answer = await ada.http.post("/admin/settings-preview", data={"csrf": ada.csrf, **colours})
    sheet = re.search(r'href="(/admin/settings-theme\?[^"]+)"', answer.text)

    assert answer.status_code == 200
    assert "color_primary on" in answer.text
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "script-src 'none'" in answer.headers["content-security-policy"]
    assert sheet
    css = await ada.get(sheet[1].replace("&amp;", "&"))
    assert "#c8e8d0" in css.text
    assert "x:y" not in css.text
    assert (await one_film.http.get("/")).text.count("#c8e8d0") == 0
    base = await opened(ada, "design")
    assert await saved(ada, "design", base, branding__color_primary="#c8e8d0") == 400


async def test_secrets_are_named_and_never_shown(one_film: RunningSite, ada: Visitor) -> None:
    page = (await ada.get("/admin/settings/secrets/")).text

    assert "ADMIN_SECRET" in page
    assert "Configured" in page
    assert one_film.admin_secret not in page
    assert "s" * 32 not in page
