"""What a service's account may do in the database beside the rights to its own tables.

Those are granted by the migrations, table by table. This closes what Postgres leaves open
to everybody, for the accounts to come as well.
"""

from services.chassis.storage.database import Connection

# One service that opens connections without end must not lock the others out.
CONNECTIONS_MAX = 80


async def restrict(conn: Connection, *, schema: str, role: str) -> None:
    """Let `role` into this database and its own schema; run by the owner, any number of times.

    `role` is quoted for SQL. An account an operator brought keeps its own limits.
    """
    database = await conn.fetchval("SELECT quote_ident(current_database())")
    await conn.execute(
        f"""
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        REVOKE ALL ON DATABASE {database} FROM PUBLIC;
        GRANT CONNECT ON DATABASE {database} TO {role};
        """
    )
    if role == f"pool_{schema}":
        await conn.execute(
            f"""
            ALTER ROLE {role} CONNECTION LIMIT {CONNECTIONS_MAX};
            ALTER ROLE {role} IN DATABASE {database} SET search_path = {schema};
            """
        )
