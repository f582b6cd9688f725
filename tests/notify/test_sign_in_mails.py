"""The link to the dashboard: one mail for it, which waits for no campaign."""

from datetime import UTC, datetime, timedelta

import msgspec

from contracts.events.admin import SignInAsked
from contracts.ids import EventId
from services.chassis.storage.database import Pool, transaction
from services.notify.domain.letters import Letters
from services.notify.domain.links import Links
from services.notify.handlers.deliver_mails import lease_mails
from services.notify.handlers.sign_in_mails import send_sign_in

NOW = datetime.now(UTC)
ASKED = SignInAsked(
    event_id=EventId("e-1"),
    occurred_at=NOW,
    email="ada@pool.example",
    language="es",
    token="t" * 43,
    expires_at=NOW + timedelta(minutes=15),
)


async def test_a_link_is_mailed_once_before_any_campaign_is_known(pool: Pool) -> None:
    copy = msgspec.structs.replace(ASKED, event_id=EventId("e-2"))
    async with transaction(pool) as conn:
        await send_sign_in(conn, ASKED)
        await send_sign_in(conn, copy)

    async with transaction(pool) as conn:
        batch = await lease_mails(conn, limit=10, lease_seconds=30)

    (mail,) = batch.mails
    assert (mail.kind, mail.address, mail.campaign) == ("sign_in", "ada@pool.example", "")
    links = Links(site_base="https://pool.example", magic_link_secret=b"s" * 32)
    letters = Letters(email_from="The Pool <pool@pool.example>", links=links)
    letter = letters.write(mail, batch.campaign_of(mail), batch.platform)
    address = f"https://pool.example/es/admin/sign-in?t={'t' * 43}"
    assert address in letter.text
    assert address in letter.html
    kept = await pool.fetchval("SELECT cause FROM mails")
    assert ASKED.token not in kept
