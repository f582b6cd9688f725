"""What a look at a process's health leaves for its figures."""

from services.chassis.process import telemetry
from services.chassis.process.health import health_routes


async def look(*, lacking: list[str], away: list[str]) -> int:
    """Ask `/readyz` as a probe does; return the status."""

    async def missing() -> list[str]:
        return lacking

    (readyz,) = [
        route
        for route in health_routes(missing=missing, degraded=lambda: away)
        if "/readyz" in route.paths
    ]
    answer = await readyz.fn()
    return int(answer.status_code)


def shown(name: str, **labels: str) -> float | None:
    return telemetry.REGISTRY.get_sample_value(name, labels)


async def test_readiness_and_what_is_away_become_figures_and_go_again() -> None:
    assert await look(lacking=["0001_first.sql"], away=["nats"]) == 503
    assert shown("process_ready") == 0
    assert shown("process_degraded", part="nats") == 1

    assert await look(lacking=[], away=["redis"]) == 200
    assert shown("process_ready") == 1
    assert shown("process_degraded", part="nats") == 0
    assert shown("process_degraded", part="redis") == 1
    await look(lacking=[], away=[])
    assert shown("process_degraded", part="redis") == 0
