"""Whether what was measured was right: a rate counts only if everything adds up afterwards."""

from deploy.bench.figures import Figure, Say
from deploy.chaos.stage import Stage

REST_SECONDS = 120.0


async def broken(stage: Stage, say: Say) -> Figure:
    """Return how many invariants do not hold, once everything is at rest."""
    report = await stage.inspect(REST_SECONDS)
    for violation in report.violations:
        say(str(violation))
    return Figure(
        "broken invariants",
        "after all of it",
        len(report.violations),
        "",
        goal=0,
        is_cap=True,
    )
