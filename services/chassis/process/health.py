"""Is it alive, is it ready, how does it do: three routes on the service's own port."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

import asyncpg
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.chassis.process import telemetry
from services.chassis.storage.database import DATABASE_BUSY

NO_SECRETS: Mapping[str, bool] = MappingProxyType({})

Ready = Callable[[], Awaitable[list[str]]]
"""Returns what is missing for readiness; raises when Postgres is away."""

Degraded = Callable[[], list[str]]
"""Returns the parts that are away without making the service unready."""


def health_routes(
    *, missing: Ready, degraded: Degraded, secrets: Mapping[str, bool] = NO_SECRETS
) -> list[HTTPRouteHandler]:
    """Return `/livez`, `/readyz` and `/metrics`.

    Readiness needs the service's own Postgres and current migrations, nothing else: if
    it asked for the bus too, one outage would restart everything. `secrets` says which
    are set, for whoever looks after all services from one screen.
    """

    @get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @get("/readyz")
    async def readyz() -> Response[dict[str, Any]]:
        try:
            lacking = await missing()
        except (*DATABASE_BUSY, asyncpg.PostgresError):
            lacking = ["postgres"]
        away = degraded()
        _show(is_ready=not lacking, away=away)
        body: dict[str, Any] = {"ready": not lacking, "missing": lacking, "degraded": away}
        body["secrets"] = dict(secrets)
        return Response(body, status_code=503 if lacking else 200)

    @get("/metrics")
    async def metrics() -> Response[bytes]:
        return Response(generate_latest(telemetry.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return [livez, readyz, metrics]


_seen_away: set[str] = set()


def _show(*, is_ready: bool, away: list[str]) -> None:
    """Keep what was found for the figures: whoever alerts need not ask by itself."""
    telemetry.READY.set(is_ready)
    _seen_away.update(away)
    for part in _seen_away:
        telemetry.DEGRADED.labels(part).set(part in away)
