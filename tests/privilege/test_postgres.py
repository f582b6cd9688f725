"""Postgres: each account tries what belongs to the others, and what belongs to nobody."""

import asyncio

import asyncpg
import pytest

from deploy.local.layout import SERVICES
from deploy.local.sql import run_sql
from services.chassis.storage.database import Connection
from services.chassis.storage.migrations import migrate
from services.chassis.storage.privileges import CONNECTIONS_MAX
from tests.support.stack import Database, Servers

ROLES = (*SERVICES, "sandbox")
DENIED = asyncpg.InsufficientPrivilegeError
SCHEMAS = ("platform", *SERVICES)

# Whoever adds one here says why: what is written down stays.
MAY_DELETE = {
    # Old ids are forgotten; a failed handler takes its mark back.
    *(f"{service}.inbox" for service in SERVICES),
    # A tier that an author removed before the start has no stock any more.
    "checkout.stock",
    # What an operator set by hand and reset; `operator_actions` remembers both.
    "checkout.stock_overrides",
    # Failed cards are counted by address for an hour, and then nobody's business.
    "checkout.card_failures",
    # Who asked for links of nobody's address is forgotten after a day.
    "pledges.link_requests",
    # Who wanted to be reminded of a launch was promised that we forget the address then.
    "notify.reminders",
    # Who was asked to look at a working copy is forgotten when their link ends, after a day.
    "site.preview_reviewers",
    # What a pledge contains now; what it contained before is in its history for good.
    "pledges.pledge_lines",
}
APPEND_ONLY = {
    "pledges.pledge_history",
    "pledges.totals_corrections",
    "pledges.refused_orders",
    "pledges.pledge_money",
    "settlement.closings",
    "settlement.fees",
    "settlement.refund_requests",
    "notify.deliveries",
    "site.campaign_versions",
    "site.platform_versions",
    "site.admin_audit",
    *(f"{service}.operator_actions" for service in SERVICES),
}
# Of these rows only what became of them may change, never what they say.
MAY_CHANGE = {
    "outbox": {"published_at"},
    "admin_sign_ins": {"used_at"},
    "campaign_texts": {"mirrored_at", "commit_id"},
    "campaign_set_asides": {"settled_at", "settled_by"},
    "admin_sessions": {"ended_at", "ended_by"},
    "parked_events": {
        *("resolved_at", "error", "deliveries", "is_waiting"),
        *("aggregate_id", "aggregate_version", "parked_at", "try_again_at", "open_tries"),
        # What a person made of it: beside what came, which stays.
        *("fixed_payload", "fixed_at", "fixed_by", "given_up_at"),
    },
    "stripe_events": {"outcome", "error", "attempts", "due_at"},
    "mails": {
        *("status", "attempts", "edition", "first_attempt_at", "next_attempt_at"),
        *("resend_id", "sent_at", "batch_id"),
    },
}

of_every_service = pytest.mark.parametrize("logged_in", SERVICES, indirect=True)
of_every_account = pytest.mark.parametrize("logged_in", ROLES, indirect=True)


async def tables(owner: Connection) -> dict[str, list[str]]:
    """Return every table and view of ours with its columns."""
    rows = await owner.fetch(
        """
        SELECT table_schema || '.' || table_name AS name, array_agg(column_name::text) AS columns
        FROM information_schema.columns
        WHERE table_schema = ANY($1)
        GROUP BY 1
        ORDER BY 1
        """,
        list(SCHEMAS),
    )
    return {row["name"]: row["columns"] for row in rows}


async def own_schema(connection: Connection) -> str:
    return str(await connection.fetchval("SELECT current_user")).removeprefix("pool_")


async def refuses(connection: Connection, *statements: str) -> None:
    for statement in statements:
        with pytest.raises(DENIED):
            await connection.execute(statement)


@of_every_account
async def test_nobody_reads_or_writes_a_table_of_another(
    logged_in: Connection, owner: Connection
) -> None:
    mine = await own_schema(logged_in)
    for name, columns in (await tables(owner)).items():
        if name.partition(".")[0] in (mine, "platform"):
            continue
        await refuses(
            logged_in,
            f"SELECT count(*) FROM {name}",
            f"INSERT INTO {name} DEFAULT VALUES",
            f"UPDATE {name} SET {columns[0]} = DEFAULT WHERE false",
            f"DELETE FROM {name} WHERE false",
            f"TRUNCATE {name}",
            f"DO $$ BEGIN LOCK TABLE {name} IN ACCESS SHARE MODE; END $$",
        )


@of_every_account
async def test_the_refusal_rests_on_the_tables_too_not_on_the_schema_alone(
    logged_in: Connection, owner: Connection
) -> None:
    granted = await owner.fetch(
        """
        SELECT DISTINCT table_schema
        FROM information_schema.column_privileges
        WHERE grantee IN ('pool_' || $1, 'PUBLIC') AND table_schema = ANY($2)
        """,
        await own_schema(logged_in),
        list(SCHEMAS),
    )

    found = {row["table_schema"] for row in granted}
    assert found <= {await own_schema(logged_in), "platform"}


@of_every_service
async def test_a_service_can_move_no_clock(logged_in: Connection) -> None:
    assert await logged_in.fetchval("SELECT platform.now()")
    await refuses(
        logged_in,
        "UPDATE platform.clock_offset SET offset_by = '1 day'",
        "INSERT INTO platform.clock_offset DEFAULT VALUES",
        "DELETE FROM platform.clock_offset",
    )


@pytest.mark.parametrize("logged_in", ["sandbox"], indirect=True)
async def test_the_sandbox_can_do_nothing_but_move_the_clock(
    logged_in: Connection, owner: Connection
) -> None:
    await logged_in.execute("UPDATE platform.clock_offset SET offset_by = offset_by")

    found = await owner.fetch(
        """
        SELECT table_schema || '.' || table_name AS name, privilege_type AS may
        FROM information_schema.role_table_grants
        WHERE grantee = 'pool_sandbox'
        """
    )
    assert {(row["name"], row["may"]) for row in found} == {
        ("platform.clock_offset", "SELECT"),
        ("platform.clock_offset", "UPDATE"),
    }


@of_every_service
async def test_no_service_makes_changes_or_removes_a_table(logged_in: Connection) -> None:
    mine = await own_schema(logged_in)
    await refuses(
        logged_in,
        f"CREATE TABLE {mine}.hideout (x int)",
        "CREATE TABLE public.hideout (x int)",
        "CREATE TABLE platform.hideout (x int)",
        "CREATE TEMPORARY TABLE hideout (x int)",
        "CREATE SCHEMA hideout",
        f"CREATE FUNCTION {mine}.trick() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        f"CREATE VIEW {mine}.window AS SELECT 1",
        f"ALTER TABLE {mine}.outbox ADD COLUMN x int",
        f"ALTER TABLE {mine}.outbox DISABLE TRIGGER ALL",
        f"DROP TABLE {mine}.outbox",
        f"CREATE INDEX ON {mine}.outbox (event_type)",
        f"DELETE FROM {mine}.schema_migrations",
        f"TRUNCATE {mine}.inbox",
    )


@of_every_account
async def test_no_account_becomes_another_or_lets_another_in(logged_in: Connection) -> None:
    mine = await own_schema(logged_in)
    other = "pledges" if mine != "pledges" else "checkout"
    table = "platform.clock_offset" if mine == "sandbox" else f"{mine}.inbox"
    await refuses(
        logged_in,
        "SET ROLE pool",
        f"SET ROLE pool_{other}",
        "SET SESSION AUTHORIZATION pool",
        "CREATE ROLE friend LOGIN",
        f"ALTER ROLE pool_{other} PASSWORD 'known'",
        f"ALTER ROLE pool_{mine} CONNECTION LIMIT -1",
        f"GRANT pool_{other} TO pool_{mine}",
        "CREATE DATABASE hideout",
        "CREATE EXTENSION dblink SCHEMA platform",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/out'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_reload_conf()",
        "ALTER SYSTEM SET fsync = off",
        "SELECT rolpassword FROM pg_authid",
    )
    # This one is refused by a warning: it grants nothing.
    await logged_in.execute(f"GRANT SELECT ON {table} TO pool_{other}")
    granted = await logged_in.fetchval(
        "SELECT has_table_privilege($1, $2, 'SELECT')", f"pool_{other}", table
    )
    assert granted is (mine == "sandbox")  # Everybody reads the clock; that is no gift of its own.


async def test_what_was_written_down_stays(owner: Connection, migrated: Database) -> None:
    known = await tables(owner)
    assert set(known) >= APPEND_ONLY
    for name in sorted(APPEND_ONLY):
        connection = await asyncpg.connect(migrated.url(name.partition(".")[0]))
        for column in known[name]:
            await refuses(connection, f"UPDATE {name} SET {column} = DEFAULT WHERE false")
        await refuses(connection, f"DELETE FROM {name} WHERE false", f"TRUNCATE {name}")
        await connection.close()


@of_every_service
async def test_of_an_event_a_mail_a_webhook_only_its_fate_may_change(
    logged_in: Connection, owner: Connection
) -> None:
    mine = await own_schema(logged_in)
    fixed = {
        name: set(columns) - MAY_CHANGE[table]
        for name, columns in (await tables(owner)).items()
        for schema, _, table in [name.partition(".")]
        if schema == mine and table in MAY_CHANGE
    }

    assert f"{mine}.outbox" in fixed
    for name, columns in fixed.items():
        for column in columns:
            await refuses(logged_in, f"UPDATE {name} SET {column} = DEFAULT WHERE false")


async def test_only_what_is_named_may_be_deleted_and_nothing_truncated(owner: Connection) -> None:
    rows = await owner.fetch(
        """
        SELECT table_schema || '.' || table_name AS name, privilege_type AS may
        FROM information_schema.role_table_grants
        WHERE grantee LIKE 'pool\\_%' AND table_schema = ANY($1)
        """,
        list(SCHEMAS),
    )
    may: dict[str, set[str]] = {}
    for row in rows:
        may.setdefault(row["may"], set()).add(row["name"])

    assert may.pop("DELETE") == MAY_DELETE
    assert set(may) == {"SELECT", "INSERT", "UPDATE"}


async def test_strangers_find_every_door_shut(owner: Connection) -> None:
    database = await owner.fetch(
        """
        SELECT acl.grantee::regrole::text AS who, acl.privilege_type AS may
        FROM pg_database AS db, aclexplode(db.datacl) AS acl
        WHERE db.datname = current_database() AND acl.grantee <> db.datdba
        """
    )
    public = await owner.fetchval(
        """
        SELECT count(*)
        FROM pg_namespace AS schema, aclexplode(schema.nspacl) AS acl
        WHERE schema.nspname = 'public' AND acl.grantee = 0
        """
    )

    assert {(row["who"], row["may"]) for row in database} == {
        (f"pool_{role}", "CONNECT") for role in ROLES
    }
    assert public == 0


async def test_the_accounts_are_nothing_but_accounts(owner: Connection) -> None:
    roles = await owner.fetch(
        """
        SELECT rolname, rolconnlimit, rolpassword LIKE 'SCRAM-SHA-256$%' AS is_scram,
               rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS is_more
        FROM pg_authid
        -- The chassis' own tests may have made the toy's on the same server.
        WHERE rolname LIKE 'pool\\_%' AND rolname <> 'pool_toy'
        """
    )
    memberships = await owner.fetchval(
        "SELECT count(*) FROM pg_auth_members WHERE member::regrole::text LIKE 'pool\\_%'"
    )
    belongings = await owner.fetchval(
        "SELECT count(*) FROM pg_class WHERE relowner::regrole::text LIKE 'pool\\_%'"
    )

    assert {row["rolname"] for row in roles} == {f"pool_{role}" for role in ROLES}
    assert all(row["is_scram"] and not row["is_more"] for row in roles)
    assert (memberships, belongings) == (0, 0)
    limits = {row["rolname"]: row["rolconnlimit"] for row in roles}
    assert limits.pop("pool_sandbox") == 5
    assert set(limits.values()) == {CONNECTIONS_MAX}


async def test_one_account_cannot_take_every_connection(migrated: Database) -> None:
    taken = [await asyncpg.connect(migrated.url("sandbox")) for _ in range(5)]

    with pytest.raises(asyncpg.TooManyConnectionsError):
        await asyncpg.connect(migrated.url("sandbox"))

    for connection in taken:
        await connection.close()


@pytest.mark.parametrize("name", ["postgres", "template1"])
async def test_the_databases_that_come_with_postgres_are_shut(
    migrated: Database, name: str
) -> None:
    for role in ROLES:
        url = migrated.url(role).replace(f"/{migrated.name}", f"/{name}")
        with pytest.raises(DENIED):
            await asyncpg.connect(url)


@of_every_service
async def test_names_mean_ones_own_tables_even_without_a_pool(logged_in: Connection) -> None:
    assert await logged_in.fetchval("SHOW search_path") == await own_schema(logged_in)


def test_an_owner_need_not_be_a_superuser(servers: Servers) -> None:
    database = servers.empty_database()
    url = database.owner_url
    run_sql(url, "CREATE ROLE landlord LOGIN CREATEROLE PASSWORD 'landlord'")
    run_sql(url, f"ALTER DATABASE {database.name} OWNER TO landlord")
    for service in SERVICES:
        # As if the landlord had made them; an operator's owner does.
        run_sql(url, f"GRANT pool_{service} TO landlord WITH ADMIN OPTION")
    landlord = url.replace(url[url.index("//") : url.index("@")], "//landlord:landlord")

    async def all_of_them() -> None:
        for service in SERVICES:
            package = __import__(f"services.{service}.app", fromlist=["SERVICE"])
            await migrate(
                landlord,
                schema=service,
                folder=package.SERVICE.migrations,
                service_url=database.url(service),
            )

    asyncio.run(all_of_them())
    asyncio.run(_sees_only_its_own(database))

    servers.drop(database)
    for service in SERVICES:
        run_sql(servers.owner_url, f"REVOKE pool_{service} FROM landlord")
    run_sql(servers.owner_url, "DROP ROLE landlord")


async def _sees_only_its_own(database: Database) -> None:
    connection = await asyncpg.connect(database.url("pledges"))
    assert await connection.fetchval("SELECT count(*) FROM pledge_history") == 0
    await refuses(connection, "SELECT count(*) FROM checkout.orders")
    await connection.close()
