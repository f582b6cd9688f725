"""The dashboard when something is away, when only heads are asked for, and after years."""

import asyncpg
import pytest

from services.chassis.process.settings import SettingsError, load
from services.chassis.storage.database import Connection, Pool
from services.site.admin.table import ROUTES
from services.site.schedules import forget_audit
from services.site.settings import Settings
from tests.site.admins import signed_in
from tests.site.running import Behind, RunningSite
from tests.site.test_admin_matrix import ANSWERS, address


async def test_a_head_is_answered_like_its_page_and_without_it(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    found = {}
    for row in ROUTES:
        if row.method == "GET":
            answer = await visitor.http.head(address(row))
            assert answer.content == b"", row.name
            found[row.name] = answer.status_code

    assert found == {row.name: ANSWERS[row.name] for row in ROUTES if row.method == "GET"}
    head = await visitor.http.head("/admin/audit/")
    page = await visitor.get("/admin/audit/")
    assert head.headers["content-type"] == page.headers["content-type"]
    assert int(head.headers["content-length"]) > 1_000


async def test_what_services_tell_the_dashboard_alone_is_told_to_nobody_else(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    script = one_film.http
    for path in ("watched", "parked", "pledges", "mails", "plans/long-take", "webhooks"):
        answer = await script.get(f"/internal/{path}", headers=one_film.admin)
        assert answer.status_code == 404, path
    sent = await script.post("/internal/parked/1/retry", json={}, headers=one_film.admin)
    assert sent.status_code == 404


async def test_with_the_database_away_people_get_a_page(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    blocker = await asyncpg.connect(one_film.database.owner_url)
    held = blocker.transaction()
    await held.start()
    await blocker.execute("LOCK TABLE site.admin_sessions")
    try:
        pages = [
            await visitor.get(f"{prefix}/admin/", headers={"Accept": "text/html"})
            for prefix in ("", "/es")
        ]
    finally:
        await held.rollback()
        await blocker.close()

    for page, said in zip(pages, ("is away for a moment", "no responde ahora"), strict=True):
        assert page.status_code == 503
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["cache-control"] == "private, no-store"
        assert int(page.headers["retry-after"]) > 0
        assert said in page.text


async def log_lines(owner: Connection, *days: int) -> None:
    for each in days:
        await owner.execute(
            """
            INSERT INTO admin_audit (at, actor, role, action, subject, campaign, details)
            VALUES (clock_timestamp() - make_interval(days => $1), 'x', 'super', 'x', $2, '', '{}')
            """,
            each,
            str(each),
        )


async def subjects(owner: Connection) -> list[str]:
    rows = await owner.fetch("SELECT subject FROM admin_audit ORDER BY at")
    return [row["subject"] for row in rows]


async def test_the_audit_log_forgets_what_is_older_than_set_and_never_sooner_than_400_days(
    pool: Pool, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget_audit, "PORTION", 2)
    await log_lines(owner, 1_000, 900, 800, 500, 401, 399, 1)

    assert await forget_audit.forget_old(pool, 700) == 3
    assert await subjects(owner) == ["500", "401", "399", "1"]
    # Whatever is set, and whoever asks: the function's own floor holds.
    assert await forget_audit.forget_old(pool, 1) == 2
    assert await subjects(owner) == ["399", "1"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("DELETE FROM admin_audit")


def test_a_shorter_memory_is_refused_at_the_start() -> None:
    environ = {
        **{f"{name}_URL": "http://x" for name in ("DATABASE", "NATS", "REDIS")},
        **{f"{name}_URL": "http://x" for name in ("CHECKOUT", "PLEDGES", "SETTLEMENT", "NOTIFY")},
        **{name: "s" * 40 for name in ("GATEWAY_SECRET", "ADMIN_SECRET")},
        **{"SITE_BASE": "http://x", "CAMPAIGNS_DIR": "/x"},
    }

    assert load(Settings, environ).audit_retention_days == 400
    with pytest.raises(SettingsError, match="AUDIT_RETENTION_DAYS"):
        load(Settings, {**environ, "AUDIT_RETENTION_DAYS": "399"})
