"""Somebody at the dashboard who takes a campaign from the public pages, however often it dies."""

import re

import aiohttp

from deploy.chaos.crowd import CALL_SECONDS, FAULTS, Crowd, an_email
from deploy.chaos.stage import until

HIDDEN = "published: false"
FIELDS = {
    name: re.compile(rf'name="{name}" value="([^"]*)"') for name in ("csrf", "revision", "base")
}
SECONDS = 60.0


async def archive(crowd: Crowd, slug: str) -> None:
    """Sign in, and press until the campaign is archived and its file says so."""
    # The addresses of a stack are numbers: their cookies are kept only when asked for.
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as http:
        editor = _Editor(crowd, http)
        await editor.sign_in()
        await editor.archive(slug)


class _Editor:
    """A super admin with a session of their own."""

    def __init__(self, crowd: Crowd, http: aiohttp.ClientSession) -> None:
        self._crowd = crowd
        self._http = http
        self._site = crowd.stage.site

    async def sign_in(self) -> None:
        """Be invited, and in by the link."""
        status, answer = await self._crowd.patiently(
            "POST", "/admin/invitations", body={"email": an_email()}, headers=self._crowd.admin
        )
        assert status == 200, answer
        form = {"t": answer["signInUrl"].partition("t=")[2]}
        assert await self._press("/admin/sign-in", form) == 303

    async def archive(self, slug: str) -> None:
        """Press until the campaign is archived, and wait until its file says so.

        Pressed already, and the answer was lost: no form asks for it any more.
        """
        page = f"/admin/campaigns/{slug}/"

        async def is_archived() -> bool:
            try:
                async with self._http.get(self._site + page) as answer:
                    text = await answer.text()
                found = {name: each.search(text) for name, each in FIELDS.items()}
                form = {name: match[1] for name, match in found.items() if match}
                if answer.status == 200 and f"{page}archive" in text:
                    await self._press(f"{page}archive", form)
            except FAULTS:
                return False
            file = self._crowd.stage.campaigns_dir / f"{slug}.md"
            return HIDDEN in file.read_text(encoding="utf-8")

        await until(is_archived, seconds=SECONDS, what=f"the file of {slug} says it is archived")

    async def _press(self, path: str, form: dict[str, str]) -> int:
        headers = {"Origin": self._site}
        async with self._http.post(
            self._site + path, data=form, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status
