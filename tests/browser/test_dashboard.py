"""Somebody is invited, signs in by the link, and goes through every screen on phone and desk."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.films import Films
from tests.browser.test_axe import assert_accessible
from tests.browser.test_managing import pledged
from tests.support.platform import Platform, RunningStack, an_email

pytestmark = [pytest.mark.stack, pytest.mark.browser]

OpenPage = Callable[[int], Page]
Keep = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def films(stack: RunningStack) -> Iterator[Films]:
    """Two films of their own."""
    visitor = Platform(stack)
    yield Films(visitor)
    visitor.close()


def invited(platform: Platform, **rights: object) -> str:
    """Invite somebody; return where their link leads."""
    answer = platform.http.post(
        "/admin/invitations",
        json={"email": an_email("operator"), **rights},
        headers=platform.admin,
    )
    answer.raise_for_status()
    return str(answer.json()["signInUrl"]).removeprefix(platform.stack.site)


def test_a_super_signs_in_and_looks_at_everything(
    platform: Platform, films: Films, open_page: OpenPage, keep: Keep
) -> None:
    pledged(platform, films, "seen")
    for width, prefix, button in ((360, "", "Sign in"), (1280, "/es", "Entrar")):
        page = open_page(width)
        page.goto(prefix + "/admin/sign-in/")
        keep(page, f"admin-ask{prefix.replace('/', '-')}")
        assert_accessible(page)
        page.goto(prefix + invited(platform))
        keep(page, f"admin-link{prefix.replace('/', '-')}")
        assert_accessible(page)
        page.get_by_role("button", name=button).click()
        expect(page.locator("h1")).to_have_text("Summary" if not prefix else "Resumen")
        screens = {
            "summary": "",
            "settlement": "settlement/",
            "settlement-one": f"settlement/{films.salt}/",
            "report": f"report/{films.salt}/?type=fulfillment",
            "supporters": f"people/{films.salt}/",
            "operations": "operations/",
            "users": "users/",
            "sessions": "sessions/",
            "audit": "audit/",
            "nothing": f"people/{films.salt}/?search=nobody-at-all",
        }
        for name, path in screens.items():
            page.goto(f"{prefix}/admin/{path}")
            expect(page.locator("h1")).to_be_visible()
            keep(page, f"admin-{name}{prefix.replace('/', '-')}")
            assert_accessible(page)
        page.goto(f"{prefix}/admin/people/{films.salt}/")
        page.locator("tbody a").first.click()
        expect(page.locator("#history")).to_be_visible()
        keep(page, f"admin-supporter{prefix.replace('/', '-')}")
        assert_accessible(page)


def test_a_campaign_user_sees_their_campaign_alone_and_signs_out(
    platform: Platform, films: Films, open_page: OpenPage
) -> None:
    page = open_page(360)
    page.goto(invited(platform, role="campaign", campaigns=[films.salt]))
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("link", name="The Salt Line")).to_be_visible()
    page.locator(".side__menu summary").click()
    expect(page.get_by_role("link", name="Analytics")).to_be_visible()
    expect(page.get_by_role("link", name="Users")).to_have_count(0)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    assert_accessible(page)
