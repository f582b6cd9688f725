"""A bare Litestar with one query, served as our services are: the ceiling of a read.

python -m deploy.bench.bare PORT DATABASE_URL
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from litestar import Litestar, get
from litestar.datastructures import State
from litestar.params import FromPath

POOL_SIZE = 16


@asynccontextmanager
async def _pool(app: Litestar) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(sys.argv[2], min_size=POOL_SIZE, max_size=POOL_SIZE)
    yield
    await app.state.pool.close()


@get("/{pledge_id:str}")
async def row(pledge_id: FromPath[str], state: State) -> dict[str, Any]:
    found = await state.pool.fetchrow(
        "SELECT pledge_id, email, campaign, status, total_cents FROM pledges.pledges"
        " WHERE pledge_id = $1",
        pledge_id,
    )
    return dict(found)


if __name__ == "__main__":
    app = Litestar([row], lifespan=[_pool], openapi_config=None, logging_config=None)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
    )
