"""Every link of every mail that people get, in either language, opens what it names."""

import html
import re
from typing import Any

import httpx
import pytest

from tests.support.platform import DECLINED_LATER, Platform, a_slug, an_email, eventually

pytestmark = pytest.mark.stack

HREF = re.compile(r'href="([^"]+)"')
LANG = re.compile(r'<html[^>]* lang="(\w+)"')
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def links(mail: dict[str, Any]) -> list[str]:
    """Return every address of a mail, of both its parts and of its headers."""
    found = [html.unescape(each) for each in HREF.findall(mail["html"])]
    found += re.findall(r"https?://\S+", mail["text"])
    found += re.findall(r"<(http[^>]+)>", mail["headers"].get("List-Unsubscribe", ""))
    return sorted(set(found))


def opened(platform: Platform, url: str) -> httpx.Response:
    """Follow a link as a browser does, wherever the site sends it."""
    assert url.startswith(f"{platform.stack.site}/"), url
    return platform.http.get(url, headers=BROWSER, follow_redirects=True)


def cancelled(platform: Platform, email: str) -> None:
    """Withdraw somebody's pledge by the link in their confirmation."""
    *_, confirmed = eventually(lambda: platform.mails(email), what="confirmed")
    gone = platform.http.post("/pledge/cancel", json={"token": platform.token(confirmed)})
    gone.raise_for_status()
    eventually(lambda: len(platform.mails(email)) > 1, what="told that it is withdrawn")


def test_each_link_opens_its_campaign_pledge_or_form_in_the_mails_language(
    platform: Platform,
) -> None:
    people = {language: an_email(language) for language in ("en", "es")}
    failing = {language: an_email(f"late-{language}") for language in ("en", "es")}
    leaving = {language: an_email(f"gone-{language}") for language in ("en", "es")}
    slug = platform.publish(a_slug("linked"), ends_in_days=5)
    title = slug.replace("-", " ").title()
    for language in ("en", "es"):
        more = {"preferredLang": language}
        platform.pledge(slug, email=people[language], **more)
        platform.pledge(slug, email=failing[language], card=DECLINED_LATER, **more)
        platform.pledge(slug, email=leaving[language], **more)
        cancelled(platform, leaving[language])
    news = {"campaignSlug": slug, "subject": "All seven stand", "body": "Every bridge."}
    sent = platform.as_operator("/admin/broadcast/announcement", **news)
    assert sent["sent"] == 4
    eventually(lambda: len(platform.mails(people["es"], "All seven stand")) == 1, what="news")
    platform.close_campaign(slug, days=6)
    eventually(lambda: len(platform.mails(failing["es"])) >= 4, what="declined", seconds=40)
    eventually(lambda: len(platform.mails(people["es"])) >= 4, what="charged", seconds=40)

    kinds = set()
    for language in ("en", "es"):
        for email in (people[language], failing[language], leaving[language]):
            for mail in platform.mails(email):
                kinds.add(next(tag["value"] for tag in mail["tags"] if tag["name"] == "kind"))
                assert title in mail["subject"]
                assert f'lang="{language}"' in mail["html"]
                for url in links(mail):
                    page = opened(platform, url)
                    said = f"{mail['subject']}: {url} is {page.status_code}"
                    assert page.status_code == 200, said
                    assert LANG.findall(page.text) == [language], said
                    assert title in html.unescape(page.text), said
    assert kinds >= {
        *("pledge_confirmed", "pledge_cancelled", "announcement", "milestone"),
        *("payment_confirmed", "payment_failed", "charge_notice"),
    }
    # All of it was looked at, and nothing was changed by looking.
    record = platform.record(platform.token(platform.mails(people["en"])[0]))
    assert record["pledgeStatus"] == "charged"
    again = platform.as_operator("/admin/broadcast/announcement", dryRun=True, **news)
    assert again["audience"] == 4, "nobody was unsubscribed by opening a link"
