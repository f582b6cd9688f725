"""The link to a working copy: one mail for it, whose reader is forgotten after a day."""

from datetime import UTC, datetime, timedelta

import msgspec

from contracts.events.admin import PreviewShared
from contracts.ids import CampaignSlug, EventId
from services.chassis.storage.database import Connection, Pool, transaction
from services.notify.domain.letters import Letters
from services.notify.domain.links import Links
from services.notify.handlers.deliver_mails import lease_mails
from services.notify.handlers.forgetting import forget_what_is_done
from services.notify.handlers.preview_mails import send_preview

NOW = datetime.now(UTC)
SHARED = PreviewShared(
    event_id=EventId("e-1"),
    occurred_at=NOW,
    campaign=CampaignSlug("night-ferry"),
    title="Night Ferry",
    email="mel@film.example",
    language="es",
    shared_by="ada@pool.example",
    token="t" * 43,
    expires_at=NOW + timedelta(hours=24),
)


async def test_a_link_is_mailed_once_before_its_film_is_known(pool: Pool) -> None:
    copy = msgspec.structs.replace(SHARED, event_id=EventId("e-2"))
    async with transaction(pool) as conn:
        await send_preview(conn, SHARED)
        await send_preview(conn, copy)

    async with transaction(pool) as conn:
        batch = await lease_mails(conn, limit=10, lease_seconds=30)

    (mail,) = batch.mails
    assert (mail.kind, mail.address, mail.campaign) == ("preview_link", "mel@film.example", "")
    links = Links(site_base="https://pool.example", magic_link_secret=b"s" * 32)
    letters = Letters(email_from="The Pool <pool@pool.example>", links=links)
    letter = letters.write(mail, batch.campaign_of(mail), batch.platform)
    address = f"https://pool.example/es/campaigns/night-ferry/preview/?t={'t' * 43}"
    assert letter.subject == "Vista previa | Night Ferry"
    assert address in letter.text
    assert address in letter.html
    assert "ada@pool.example" in letter.text
    kept = await pool.fetchval("SELECT cause FROM mails")
    assert SHARED.token not in kept


async def test_a_day_later_its_reader_is_forgotten_and_it_is_not_written_again(
    pool: Pool, owner: Connection
) -> None:
    later = msgspec.structs.replace(SHARED, token="u" * 43, email="noor@film.example")
    async with transaction(pool) as conn:
        await send_preview(conn, SHARED)
        await send_preview(conn, later)
    await owner.execute("UPDATE mails SET status = 'sent', sent_at = clock_timestamp()")
    old = "queued_at = queued_at - interval '24 hours'"
    await owner.execute(f"UPDATE mails SET {old} WHERE address = $1", SHARED.email)

    async with transaction(pool) as conn:
        assert await forget_what_is_done(conn) == 1
        assert await forget_what_is_done(conn) == 0
        await send_preview(conn, SHARED)

    rows = await pool.fetch("SELECT recipient, address, facts FROM mails ORDER BY mail_number")
    assert [row["address"] for row in rows] == ["", "noor@film.example"]
    assert (rows[0]["recipient"], rows[0]["facts"]) == ("", {})
