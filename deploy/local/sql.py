"""SQL from outside the services: what makes a database ready for them, and looks at it."""

import asyncio
import subprocess
from urllib.parse import unquote, urlsplit

from deploy.local.layout import ROOT
from deploy.local.ports import HOST
from deploy.local.wheels import ServerRefused, pg_bin, plain_environ

DATABASE = "pool"
# The same statements as in containers.
CLOSED = ROOT / "deploy" / "compose" / "postgres.sql"


def run_sql(url: str, sql: str, timeout_seconds: float = 60) -> str:
    """Run statements and return what they show, as text. Raises with Postgres's own words."""
    if urlsplit(url).hostname == HOST:
        return _by_psql(url, sql, timeout_seconds)
    return asyncio.run(_by_network(url, sql, timeout_seconds))


def create_database(owner_url: str, name: str = DATABASE, template: str = "template0") -> None:
    """Create the database if it is not there."""
    maintenance = urlsplit(owner_url)._replace(path="/postgres").geturl()
    if not run_sql(maintenance, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):  # noqa: S608
        run_sql(maintenance, f"CREATE DATABASE {name} TEMPLATE {template}")


def close_cluster(owner_url: str) -> None:
    """Shut strangers out of the databases that every new cluster begins with."""
    run_sql(owner_url, CLOSED.read_text(encoding="utf-8"))


def _by_psql(url: str, sql: str, timeout_seconds: float) -> str:
    """The quick way to our own server: nothing to import."""
    # Arguments are visible to everybody on the machine, the environment is not.
    parts = urlsplit(url)
    password = unquote(parts.password or "")
    address = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()
    try:
        done = subprocess.run(
            [pg_bin() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", address],
            input=sql,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
            env={**plain_environ(), "PGPASSWORD": password},
        )
    except subprocess.TimeoutExpired as exc:
        raise ServerRefused(
            f"Postgres at {parts.hostname}:{parts.port} did not answer within"
            f" {timeout_seconds:g} s: it hangs, or somebody holds a lock"
        ) from exc
    if done.returncode != 0:
        raise ServerRefused(done.stderr.strip() or "psql failed")
    return done.stdout.strip()


async def _by_network(url: str, sql: str, timeout_seconds: float) -> str:
    """The way to an operator's server: the psql of the wheel speaks no TLS."""
    import asyncpg

    from services.chassis.storage.complaints import FAULTS, complaint

    try:
        conn = await asyncpg.connect(url, timeout=timeout_seconds)
        try:
            if sql.lstrip().upper().startswith(("SELECT", "SHOW")):
                found = await conn.fetchval(sql, timeout=timeout_seconds)
                return "" if found is None else str(found)
            await conn.execute(sql, timeout=timeout_seconds)
            return ""
        finally:
            await conn.close()
    except FAULTS as exc:
        raise ServerRefused(complaint(exc, url)) from exc
