"""A charge and nothing else: what no platform around it can undercut.

The charger's own steps, that is the same two calls of the same SDK and the same four
statements, in a loop of this process: no bus, no pace, nobody who listens, no mail, no fee,
no public figure. They work on copies of charges in tables of their own, which nobody relays.
Stripe answers at once and says nothing afterwards. Its own CPU does not count.
"""

import asyncio
import io
import os
import time
from contextlib import redirect_stdout
from pathlib import Path

import asyncpg

from contracts.ids import ChargeId
from deploy.chaos.stage import Stage
from deploy.local.layout import read_json
from services.chassis.process.settings import Secret
from services.chassis.storage.database import Pool, open_pool
from services.chassis.stripe.budget import StripeBudget
from services.settlement.steps.charge import charge
from services.settlement.stripe_gateway.charges import StripeGateway

AT_ONCE = 12
CHARGES = 300
TICKS = os.sysconf("SC_CLK_TCK")
COPIED = ("charges", "charge_attempts", "outbox")
NEW_CHARGES = """
INSERT INTO bare.charges
SELECT copied.*
FROM (SELECT * FROM settlement.charges WHERE campaign = $1 LIMIT 1) AS original
CROSS JOIN generate_series(1, $2::integer) AS number
CROSS JOIN LATERAL jsonb_populate_record(NULL::settlement.charges, to_jsonb(original) ||
    jsonb_build_object(
        'charge_id', 'chg_bare' || number,
        'supporter_id', 'sup_bare' || number,
        'status', 'new',
        'version', 1,
        'payment_intent_id', NULL,
        'stripe_charge_id', NULL,
        'decided_at', NULL,
        'lease_token', 0,
        'lease_until', '-infinity'
    )) AS copied
"""


async def cpu_ms(stage: Stage, slug: str, *, api_base: str) -> float:
    """Return the CPU of one bare charge in milliseconds: this process and its sessions."""
    owner = await asyncpg.connect(stage.owner_url)
    try:
        await owner.execute("CREATE SCHEMA bare")
        for table in COPIED:
            await owner.execute(
                f"CREATE TABLE bare.{table} (LIKE settlement.{table} INCLUDING ALL)"
            )
        await owner.execute(NEW_CHARGES, slug, CHARGES)
        # The charger's lines are written here, too, where nobody reads them.
        with redirect_stdout(io.StringIO()):
            return await _charged(stage, api_base)
    finally:
        await owner.execute("DROP SCHEMA IF EXISTS bare CASCADE")
        await owner.close()


async def _charged(stage: Stage, api_base: str) -> float:
    pool = await open_pool(stage.owner_url, schema="bare,settlement", size_max=AT_ONCE)
    gateway = StripeGateway(
        Secret(read_json(stage.data.file("secrets.json"))["STRIPE_SECRET_KEY"]),
        api_base,
        budget=StripeBudget("redis://127.0.0.1:1/0", per_second=0),
    )
    try:
        waiting = [ChargeId(f"chg_bare{number}") for number in range(1, CHARGES + 1)]
        # What is done once, imports and statements prepared, is no charge's.
        await _loops(pool, gateway, [waiting.pop() for _ in range(2 * AT_ONCE)])
        count = len(waiting)
        sessions = await _sessions(pool)
        began = time.process_time() + _used(sessions)
        await _loops(pool, gateway, waiting)
        used = time.process_time() + _used(sessions) - began
        done = await pool.fetchval("SELECT count(*) FROM charges WHERE status = 'succeeded'")
        assert done == CHARGES, f"{done} of {CHARGES} were charged"
        return used * 1_000 / count
    finally:
        await gateway.close()
        await pool.close()


async def _loops(pool: Pool, gateway: StripeGateway, waiting: list[ChargeId]) -> None:
    async def loop() -> None:
        while waiting:
            await charge(pool, gateway, waiting.pop())

    await asyncio.gather(*(loop() for _ in range(AT_ONCE)))


async def _sessions(pool: Pool) -> list[int]:
    """Return the processes of Postgres that work for this pool, all of them open."""
    held = [await pool.acquire() for _ in range(AT_ONCE)]
    found = [each.get_server_pid() for each in held]
    for each in held:
        await pool.release(each)
    return found


def _used(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        total += sum(map(int, text.rpartition(")")[2].split()[11:13]))
    return total / TICKS
