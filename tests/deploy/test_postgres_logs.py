"""What people typed stands in no log of Postgres: on one machine, in containers, in a cluster."""

import re
from pathlib import Path

import asyncpg
import pytest

from deploy.local.layout import ROOT
from tests.support.platform import eventually
from tests.support.stack import Servers

TYPED = "ada.of.the.test@example.org"
MARK = "/* looked for in the log */"
SETTINGS = ("log_parameter_max_length", "log_parameter_max_length_on_error")
PLACES = (
    "docker-compose.yml",
    "deploy/kubernetes/overlays/demo/postgres.yaml",
    "deploy/kubernetes/overlays/production/postgres.yaml",
)


async def test_a_slow_or_failing_statement_is_logged_without_its_values(servers: Servers) -> None:
    conn = await asyncpg.connect(servers.owner_url)
    try:
        await conn.execute("SET log_min_duration_statement = 0")
        await conn.fetchval(f"SELECT $1::text {MARK}", TYPED)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await conn.fetchval(f"SELECT 1 / (length($1::text) - {len(TYPED)}) {MARK}", TYPED)
    finally:
        await conn.close()

    def logged() -> str:
        text = (servers.data.log / "postgres.log").read_text(encoding="utf-8", errors="replace")
        return text if text.count(MARK) >= 2 else ""

    text = eventually(logged, what="both statements are in the log")
    assert TYPED not in text


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_containers_and_clusters_are_told_the_same(place: str, setting: str) -> None:
    text = Path(ROOT / place).read_text(encoding="utf-8")

    assert re.search(rf"\b{setting}(: \"0\"|=0\b)", text)
