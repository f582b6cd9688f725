"""The dashboard's door: links that work once, sessions that end, rights that hold at once."""

import asyncio
import time

import asyncpg
import pytest

from services.site.routes.admin.sign_in import ANSWER_SECONDS
from tests.site.admins import browser, expire, invite, links, runners, signed_in
from tests.site.running import RunningSite

ADA, BO, CY = "ada@pool.example", "bo@pool.example", "cy@pool.example"


async def sql(site: RunningSite, statement: str, *values: object) -> object:
    connection = await asyncpg.connect(site.database.owner_url)
    try:
        return await connection.fetchval(statement, *values)
    finally:
        await connection.close()


async def test_a_link_signs_in_once_and_looking_at_it_changes_nothing(
    one_film: RunningSite,
) -> None:
    answer = await invite(one_film, "once@pool.example")
    (sent,) = await links(one_film, "once@pool.example")
    assert answer.json()["signInUrl"] == f"{one_film.url}/admin/sign-in/?t={sent.token}"
    visitor = browser(one_film)

    for _ in range(3):
        page = await visitor.get("/admin/sign-in/", params={"t": sent.token})
        assert (page.status_code, page.headers["cache-control"]) == (200, "private, no-store")
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert f'name="t" value="{sent.token}"' in page.text
    first = await visitor.http.post("/admin/sign-in", data={"t": sent.token})
    again = await browser(one_film).http.post("/admin/sign-in", data={"t": sent.token})

    assert (first.status_code, first.headers["location"]) == (303, "/admin/")
    cookie = first.headers["set-cookie"]
    assert "pool_admin_session=" in cookie
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=28800"} <= set(cookie.split("; "))
    assert again.status_code == 401
    assert "does not work any more" in again.text
    assert (await visitor.get("/admin/")).status_code == 200


async def test_of_many_who_use_a_link_at_once_one_comes_in(one_film: RunningSite) -> None:
    await invite(one_film, "race@pool.example")
    (sent,) = await links(one_film, "race@pool.example")

    answers = await asyncio.gather(
        *(browser(one_film).http.post("/admin/sign-in", data={"t": sent.token}) for _ in range(8))
    )

    assert sorted(each.status_code for each in answers) == [303] + [401] * 7


async def test_the_answer_is_the_same_for_every_address(one_film: RunningSite) -> None:
    await invite(one_film, "known@pool.example")
    pages = []
    for email in ("known@pool.example", "nobody@pool.example"):
        page = await browser(one_film).http.post("/admin/sign-in/ask", data={"email": email})
        assert page.status_code == 200
        assert "pool_admin_browser=" in page.headers["set-cookie"]
        pages.append(page.text.replace(email, "ADDRESS"))

    assert pages[0] == pages[1]
    assert await links(one_film, "nobody@pool.example") == []
    bad = await browser(one_film).http.post("/admin/sign-in/ask", data={"email": "no"})
    assert (bad.status_code, "Write one email address." in bad.text) == (400, True)


async def test_a_link_that_was_asked_for_works_in_the_browser_that_asked(
    one_film: RunningSite,
) -> None:
    await invite(one_film, "bound@pool.example")
    asking, other = browser(one_film), browser(one_film)
    await asking.http.post("/es/admin/sign-in/ask", data={"email": "Bound@pool.example"})
    sent = (await links(one_film, "bound@pool.example"))[-1]
    assert (sent.language, sent.is_invitation) == ("es", False)

    elsewhere = await other.http.post("/admin/sign-in", data={"t": sent.token})
    here = await asking.http.post("/admin/sign-in", data={"t": sent.token})

    assert (elsewhere.status_code, "in the browser that asked" in elsewhere.text) == (401, True)
    assert here.status_code == 303


async def test_a_link_is_over_after_its_time_and_only_a_few_are_sent(
    one_film: RunningSite,
) -> None:
    await invite(one_film, "late@pool.example")
    visitor = browser(one_film)
    for _ in range(5):
        await visitor.http.post("/admin/sign-in/ask", data={"email": "late@pool.example"})
    sent = await links(one_film, "late@pool.example")
    assert [each.is_invitation for each in sent] == [True, False, False, False]
    await sql(one_film, "UPDATE site.admin_sign_ins SET expires_at = clock_timestamp()")

    answer = await visitor.http.post("/admin/sign-in", data={"t": sent[-1].token})

    assert answer.status_code == 401


async def test_who_asks_for_somebody_elses_links_keeps_nobody_out(one_film: RunningSite) -> None:
    email = "kept-out@pool.example"
    await invite(one_film, email)
    for number in range(3):
        await browser(one_film).http.post("/admin/sign-in/ask", data={"email": email})
        await sql(
            one_film,
            "UPDATE site.admin_sign_ins SET network = $1 WHERE network <> ''",
            f"stranger-{number % 2}",
        )
    visitor = browser(one_film)

    await visitor.http.post("/admin/sign-in/ask", data={"email": email})
    answer = await visitor.http.post(
        "/admin/sign-in", data={"t": (await links(one_film, email))[-1].token}
    )

    assert len(await links(one_film, email)) == 5
    assert answer.status_code == 303


async def test_nobodys_mailbox_is_filled_by_strangers(one_film: RunningSite) -> None:
    email = "flooded@pool.example"
    await invite(one_film, email)
    await sql(
        one_film,
        """
        INSERT INTO site.admin_sign_ins
            (token_sha256, browser_sha256, user_id, network, asked_at, expires_at)
        SELECT sha256(number::text::bytea), ''::bytea, user_id, number::text, clock_timestamp(),
               clock_timestamp()
        FROM site.admin_users, generate_series(1, 12) AS number
        WHERE email = $1
        """,
        email,
    )

    await browser(one_film).http.post("/admin/sign-in/ask", data={"email": email})

    assert [each.is_invitation for each in await links(one_film, email)] == [True]


async def test_how_long_the_answer_takes_tells_nobody_who_may_come_in(
    one_film: RunningSite,
) -> None:
    await invite(one_film, "timed@pool.example")

    for email in ("timed@pool.example", "never@pool.example"):
        began = time.monotonic()
        await browser(one_film).http.post("/admin/sign-in/ask", data={"email": email})
        assert time.monotonic() - began >= ANSWER_SECONDS


async def test_nothing_that_opens_a_door_is_kept_as_it_is(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "digest@pool.example")
    secret = visitor.http.cookies["pool_admin_session"]

    kept = await sql(
        one_film,
        """
        SELECT string_agg(came::text || asked::text, '')
        FROM site.admin_sessions AS came, site.admin_sign_ins AS asked
        """,
    )

    assert secret not in str(kept)
    for sent in await links(one_film, "digest@pool.example"):
        assert sent.token not in str(kept)


async def test_signing_out_ends_the_session_on_the_server(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "out@pool.example")
    secret = visitor.http.cookies["pool_admin_session"]

    answer = await visitor.post("/admin/sign-out")
    stolen = browser(one_film)
    stolen.http.cookies.set("pool_admin_session", secret)

    assert answer.headers["location"] == "/admin/sign-in/?done=signed-out"
    assert (await stolen.get("/admin/")).status_code == 401


async def test_signing_in_again_ends_what_this_browser_had(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "again@pool.example")
    before = visitor.http.cookies["pool_admin_session"]
    await invite(one_film, "again@pool.example")
    token = (await links(one_film, "again@pool.example"))[-1].token

    await visitor.http.post("/admin/sign-in", data={"t": token})
    old = browser(one_film)
    old.http.cookies.set("pool_admin_session", before)

    assert (await visitor.get("/admin/")).status_code == 200
    assert (await old.get("/admin/")).status_code == 401


async def test_rights_hold_at_the_next_click(one_film: RunningSite) -> None:
    ada = await signed_in(one_film, ADA)
    bo = await signed_in(one_film, BO, role="campaign", campaigns=["long-take"])
    assert (await bo.get("/admin/users/")).status_code == 403
    users = (await ada.get("/admin/users/")).text
    key = await sql(one_film, "SELECT user_id FROM site.admin_users WHERE email = $1", BO)
    assert BO in users

    changed = await ada.post(f"/admin/users/{key}/change", role="super")
    assert changed.headers["location"] == "/admin/users/?done=changed"
    assert (await bo.get("/admin/")).status_code == 401, "the session of the old rights ended"
    again = await signed_in(one_film, BO)
    assert (await again.get("/admin/users/")).status_code == 200

    await ada.post(f"/admin/users/{key}/remove")
    assert (await again.get("/admin/users/")).status_code == 401
    sent = len(await links(one_film, BO))
    await browser(one_film).http.post("/admin/sign-in/ask", data={"email": BO})
    assert len(await links(one_film, BO)) == sent, "who was removed is sent nothing"


async def test_who_runs_which_film_is_told_at_every_change_and_never_twice(
    one_film: RunningSite,
) -> None:
    ada = await signed_in(one_film, ADA)
    await signed_in(one_film, CY, role="campaign", campaigns=["long-take"])
    await invite(one_film, CY, role="campaign", campaigns=["long-take"])
    key = await sql(one_film, "SELECT user_id FROM site.admin_users WHERE email = $1", CY)
    for change in ("super", "super", "campaign"):
        await ada.post(f"/admin/users/{key}/change", role=change, campaigns="long-take")
    await ada.post(f"/admin/users/{key}/remove")
    await invite(one_film, CY, role="campaign", campaigns=["long-take"])

    told = [each for each in await runners(one_film) if each.user_id == key]

    assert [(each.version, each.email, each.campaigns) for each in told] == [
        (1, CY, ("long-take",)),
        (2, "", ()),
        (3, CY, ("long-take",)),
        (4, "", ()),
        (5, CY, ("long-take",)),
    ]


async def test_a_session_is_listed_and_revoked(one_film: RunningSite) -> None:
    ada = await signed_in(one_film, ADA)
    guest = await signed_in(one_film, "guest@pool.example")
    key = await sql(
        one_film,
        """
        SELECT session_id FROM site.admin_sessions JOIN site.admin_users USING (user_id)
        WHERE email = 'guest@pool.example'
        """,
    )
    assert f"/admin/sessions/{key}/revoke" in (await ada.get("/admin/sessions/")).text

    first = await ada.post(f"/admin/sessions/{key}/revoke")
    again = await ada.post(f"/admin/sessions/{key}/revoke")

    assert (first.status_code, again.status_code) == (303, 404)
    assert (await guest.get("/admin/")).status_code == 401


async def test_a_refused_form_says_why_at_its_field_and_keeps_what_was_written(
    one_film: RunningSite,
) -> None:
    ada = await signed_in(one_film, ADA)

    nobody = await ada.post("/admin/users", email="new@pool.example", role="campaign")
    own = await sql(one_film, "SELECT user_id FROM site.admin_users WHERE email = $1", ADA)
    oneself = await ada.post(f"/admin/users/{own}/remove")

    assert nobody.status_code == 400
    assert 'value="new@pool.example"' in nobody.text
    assert "Choose at least one campaign." in nobody.text
    assert (oneself.status_code, "your own rights" in oneself.text) == (409, True)


async def test_what_is_done_is_written_down_searched_and_taken_along(
    one_film: RunningSite,
) -> None:
    ada = await signed_in(one_film, ADA)
    await ada.post("/admin/users", email="=logged@pool.example", role="super")

    page = await ada.get("/admin/audit/", params={"words": "LOGGED", "action": "user_invited"})
    none = await ada.get("/admin/audit/", params={"until": "2001-01-01"})
    wrong = await ada.get("/admin/audit/", params={"since": "soon"})
    file = await ada.get("/admin/audit.csv", params={"words": "logged"})

    assert "Invited a user" in page.text
    assert "=logged@pool.example" in page.text
    assert "Nothing found" in none.text
    assert (wrong.status_code, "Write a day as YYYY-MM-DD." in wrong.text) == (400, True)
    assert file.headers["content-type"].startswith("text/csv")
    lines = file.content.decode("utf-8-sig").splitlines()
    assert any("'=logged@pool.example" in line for line in lines)
    logged = await ada.get("/admin/audit/", params={"action": "audit_exported"})
    assert "Downloaded the audit log" in logged.text


async def test_a_session_ends_by_time(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "over@pool.example")
    await expire(one_film, "over@pool.example")

    page = await visitor.get("/es/admin/")

    assert page.status_code == 401
    assert 'lang="es"' in page.text


@pytest.mark.parametrize("body", [b"", b"{", b'{"email":"x@pool.example"}'])
@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}])
async def test_nobody_invites_without_the_secret(
    one_film: RunningSite, given: dict[str, str], body: bytes
) -> None:
    answer = await one_film.http.post("/admin/invitations", content=body, headers=given)

    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"email":"x@pool.example","admin":true}', 400),
        (b'{"email":"x"}', 400),
        (b'{"email":7}', 400),
        (b"[]", 400),
        (b"{", 400),
    ],
)
async def test_an_invitation_that_is_none_is_refused(
    one_film: RunningSite, body: bytes, status: int
) -> None:
    headers = {**one_film.admin, "content-type": "application/json"}

    answer = await one_film.http.post("/admin/invitations", content=body, headers=headers)
    as_text = await one_film.http.post("/admin/invitations", content=body, headers=one_film.admin)

    assert (answer.status_code, as_text.status_code) == (status, 415)
