"""The running platform that the gates look at: the sample films, lived in, and one's own link."""

import base64
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.local import stack_file
from deploy.local.background import Background
from deploy.local.layout import DataDir
from deploy.local.ports import free_port
from deploy.local.stack import Options
from deploy.quality.dashboard import screens, sign_in
from deploy.quality.furnish import furnish
from deploy.quality.no_show import NoShow

STOP_SECONDS = 90
ASK_SECONDS = 30.0
MAIL_SECONDS = 60.0
FILM = "nine-bridges-north"
"""The sample with every part a campaign page can have."""
LANGUAGES = ("", "/es")
STYLE = "/style/"
"""The components on one page, which only a sandbox shows."""
LOCATION = re.compile(r"<loc>([^<]+)</loc>")
MANAGE = re.compile(r"/manage/\?t=([A-Za-z0-9_.-]+)")
# What no search engine is told of.
APART = (
    "/admin/sign-in/",
    *("/cart/", "/manage/", "/manage/?dev", "/no-such-page/", "/embed/"),
    *("/creator-campaign-checklist/", f"/embed/campaign/?slug={FILM}"),
)


@dataclass(frozen=True)
class Showcase:
    """A running stack, over HTTP."""

    site: str
    sandbox: str
    campaigns: Path
    http: httpx.Client = field(repr=False)
    admin_secret: str = field(repr=False, default="")

    def paths(self) -> list[str]:
        """Return every page in every language, one of each kind that is made for one person."""
        listed = LOCATION.findall(self.http.get("/sitemap.xml").text)
        public = [*(each.removeprefix(self.site) for each in listed), STYLE]
        if not {f"{prefix}/campaigns/{FILM}/" for prefix in LANGUAGES} <= set(public):
            raise NoShow(f"the sitemap does not know {FILM}: {public}")
        token, order = self.link()
        apart = (
            *APART,
            f"/manage/?t={token}",
            f"/community/{FILM}/",
            f"/community/{FILM}/?t={token}",
            f"/campaigns/{FILM}/pledge-success/?order={order}",
            f"/campaigns/{FILM}/pledge-success/?order=pool-intent-{'0' * 32}",
            f"/campaigns/{FILM}/pledge-cancel/",
        )
        return [*public, *(prefix + path for path in apart for prefix in LANGUAGES)]

    def dashboard(self) -> tuple[str, list[str]]:
        """Return a super's session, and every screen of the dashboard in every language."""
        cookie = sign_in(self.http, self.admin_secret)
        furnish(self.http, FILM)
        paths = screens(self.http, FILM).values()
        # Without its session the page to sign in on is looked at as everybody else meets it.
        self.http.cookies.clear()
        return cookie, [prefix + path for path in paths for prefix in LANGUAGES]

    def link(self) -> tuple[str, str]:
        """Return the link of somebody who pledged to the film, and their order.

        The first supporters pledged before the stack was said to be up; their mails follow.
        """
        limit = time.monotonic() + MAIL_SECONDS
        while (found := self._link()) is None:
            if time.monotonic() > limit:
                raise NoShow("nobody who pledged was written to")
            time.sleep(0.5)
        return found

    def _link(self) -> tuple[str, str] | None:
        for mail in httpx.get(f"{self.sandbox}/inbox.json", timeout=ASK_SECONDS).json():
            for token in MANAGE.findall(mail["html"]):
                payload = token.partition(".")[0]
                said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
                if said["campaignSlug"] == FILM:
                    return token, said["orderId"]
        return None

    def carts(self) -> Iterator[tuple[str, str]]:
        """Yield the cart in its steps and troubles, without scripts and with, as it is drawn."""
        posted, digital = f"item.{FILM}__rivet", f"item.{FILM}__opening-night"
        person = {"email": "noor@halfmoon.example", "country": "US"}
        forms: dict[str, dict[str, str]] = {
            "chosen": {posted: "2", digital: "1", "tip": "5"},
            "no tip": {digital: "1", "tip": "0"},
            "too many": {posted: "9999", "do": "next"},
            "card": {posted: "1", "step": "card", **person},
            "card, nothing filled in": {posted: "1", "step": "card", "do": "save"},
            "of a film nobody knows": {"item.no-such-film__x": "1"},
        }
        for prefix in LANGUAGES:
            for name, form in forms.items():
                for script in ({}, {"script": "1"}):
                    answer = self.http.post(f"{prefix}/cart/", data={**form, **script})
                    yield f"{prefix}/cart/ ({name})", answer.text

    def rebuild(self) -> dict[str, Any]:
        """Publish the folder as it is now; return what came of it."""
        secret = {"Authorization": f"Bearer {self.admin_secret}"}
        answer = self.http.post("/admin/rebuild", json={}, headers=secret)
        answer.raise_for_status()
        outcome: dict[str, Any] = answer.json()
        return outcome


@contextmanager
def shown() -> Iterator[Showcase]:
    """Run the sample films with their first supporters for a while."""
    folder = Path(tempfile.mkdtemp(prefix="pool-quality-"))
    options = Options(data=str(folder), port=free_port(), settings={"RATE_LIMIT_SCALE": "10000"})
    supervisor = Background(options, die_with_us=True)
    try:
        *_, last = supervisor.events()
        if last["kind"] != "ready":
            raise NoShow("\n".join([last["reason"], *last["tail"]]))
        document = stack_file.read(DataDir(folder))
        site = str(document["site"])
        headers = {"Origin": site, "Accept": "text/html"}
        with httpx.Client(base_url=site, headers=headers, timeout=ASK_SECONDS) as http:
            yield Showcase(
                site=site,
                sandbox=str(document["sandbox"]),
                campaigns=Path(document["campaigns"]),
                http=http,
                admin_secret=str(document["admin_secret"]),
            )
    finally:
        supervisor.process.terminate()
        supervisor.process.wait(STOP_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)
