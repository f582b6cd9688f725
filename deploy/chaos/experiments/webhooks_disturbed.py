"""E-12.1: webhooks come twice, late, or in another order; what comes of it is the same."""

from deploy.chaos.experiment import Experiment, Measure, Play

PEOPLE = 40
PER_SECOND = 10
LATE_MS = 3_000
# From the first click to "success", when the webhook comes so late.
SECONDS = 15.0
DISTURBED: tuple[tuple[str, dict[str, object]], ...] = (
    ("twice", {"duplicate_webhooks": True}),
    ("late", {"webhook_delay_ms": LATE_MS}),
    ("in another order", {"reorder_webhooks": True}),
    (
        "all of that at once",
        {"duplicate_webhooks": True, "webhook_delay_ms": LATE_MS, "reorder_webhooks": True},
    ),
)


async def act(play: Play) -> list[Measure]:
    """Figures: what the ledger counts, against what people did, for each disturbance."""
    measures: list[Measure] = []
    slowest = 0.0
    for name, faults in DISTURBED:
        slug = await play.crowd.publish("disturbed", ends_in_days=5)
        await play.crowd.faults(**faults)
        people = await play.crowd.crowd(slug, PEOPLE, per_second=PER_SECOND)
        await play.crowd.faults(reset=True)
        play.stage.faults[f"webhooks {name}"] += PEOPLE
        slowest = max(slowest, *(each.seconds for each in people))
        lost = sum(not each.is_persisted for each in people)
        measures.append(Measure(f"people without their pledge, {name}", lost, f"of {PEOPLE}", 0))
        play.say(f"{name}: {measures[-1].figure} lost")
        report = await play.stage.inspect()
        measures.append(Measure(f"broken invariants, {name}", len(report.violations), "", 0))
    measures.append(Measure("slowest pledge", round(slowest, 1), "s", SECONDS, is_pace=True))
    return measures


EXPERIMENT = Experiment(
    id="E-12.1",
    says="webhooks come twice, late, in another order, and all of that at once",
    act=act,
)
