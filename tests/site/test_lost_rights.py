"""Rights that end while a request is under way: it does nothing with them any more."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from contracts.refusals import NotYours
from services.chassis.storage.database import Connection, Pool, transaction
from services.site.admin.access import User, Wanted
from services.site.admin.handlers import people
from services.site.admin.queries import access as queries
from tests.site.admins import expire, signed_in
from tests.site.running import RunningSite, eventually
from tests.site.uploads import picture

EMAILS = ("ada@pool.example", "bo@pool.example", "cy@pool.example")
Act = Callable[[Connection, User, User], Awaitable[object]]


async def remove(conn: Connection, by: User, other: User) -> None:
    await people.remove(conn, other.user_id, by=by)


async def demote(conn: Connection, by: User, other: User) -> None:
    wanted = Wanted(email=other.email, role="campaign", campaigns=("long-take",))
    await people.change(conn, other.user_id, wanted, by=by)


async def invite(conn: Connection, by: User, other: User) -> None:
    await people.invite(
        conn, Wanted(email="dee@pool.example", role="super", campaigns=()), "en", by=by
    )


async def revoke(conn: Connection, by: User, other: User) -> None:
    await people.revoke(conn, "a-session", by=by)


@pytest.mark.parametrize("act", [remove, demote, invite, revoke])
@pytest.mark.parametrize("loses", [remove, demote])
async def test_who_lost_their_rights_meanwhile_changes_nobody(
    pool: Pool, act: Act, loses: Act
) -> None:
    async with transaction(pool) as conn:
        for email in EMAILS:
            wanted = Wanted(email=email, role="super", campaigns=())
            await people.invite(conn, wanted, "en", by=people.OPERATOR)
        ada, bo, cy = await queries.list_users(conn)
    async with transaction(pool) as conn:
        await loses(conn, ada, bo)
        before = await queries.list_users(conn)

    with pytest.raises(NotYours):
        async with transaction(pool) as conn:
            await act(conn, bo, cy)

    async with transaction(pool) as conn:
        assert await queries.list_users(conn) == before


async def test_a_file_is_not_kept_of_whom_the_session_ended_while_it_was_sent(
    one_film: RunningSite,
) -> None:
    visitor = await signed_in(one_film, "slow@pool.example", role="super")
    parts = one_film.content / "media/uploads"
    head = (
        f'--x\r\ncontent-disposition: form-data; name="csrf"\r\n\r\n{visitor.csrf}\r\n'
        '--x\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    )

    async def sent() -> AsyncIterator[bytes]:
        before = set(parts.rglob("*.part"))
        yield head.encode()

        async def is_taken() -> bool:
            return bool(set(parts.rglob("*.part")) - before)

        await eventually(is_taken, what=one_film.log)
        await expire(one_film, visitor.email)
        yield picture(size=(333, 111)) + b"\r\n--x--\r\n"

    answer = await visitor.http.post(
        "/admin/media/long-take/upload",
        content=sent(),
        headers={"content-type": "multipart/form-data; boundary=x"},
        timeout=40,
    )

    assert answer.status_code == 401
