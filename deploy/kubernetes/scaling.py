"""How many may run, and that it fits the code's queues and Stripe's limit."""

from collections.abc import Iterator

from contracts.streams import CONSUMERS
from deploy.kubernetes.render import Resource, name_of, of_kind
from deploy.kubernetes.rules import labels_of, processes

CHARGE_QUEUE = next(each for each in CONSUMERS if each.durable == "settlement-chargers")
HEADLESS = "-headless."
ASKS_STRIPE = ("checkout", "settlement")
# A charge is two requests: below that, a process on its own could not finish one a second.
REQUESTS_EACH_MIN = 2
REQUESTS_PER_SECOND_LIVE = 80


def limits(resources: list[Resource]) -> dict[str, int]:
    """Return for each Deployment how many of it may run, surge left out."""
    found = {
        each["metadata"]["name"]: each["spec"].get("replicas", 1)
        for each in of_kind(resources, "Deployment")
    }
    for each in of_kind(resources, "ScaledObject"):
        found[each["spec"]["scaleTargetRef"]["name"]] = each["spec"].get("maxReplicaCount", 100)
    for each in of_kind(resources, "HorizontalPodAutoscaler"):
        found[each["spec"]["scaleTargetRef"]["name"]] = each["spec"]["maxReplicas"]
    return found


def queue_is_the_codes(resources: list[Resource]) -> Iterator[str]:
    """KEDA looks at the stream and consumer that the code declares, by the port that shows them."""
    for each in of_kind(resources, "ScaledObject"):
        for trigger in each["spec"]["triggers"]:
            said = trigger["metadata"]
            if (said["stream"], said["consumer"]) != (CHARGE_QUEUE.stream, CHARGE_QUEUE.durable):
                yield (
                    f"{name_of(each)}: {said['stream']}/{said['consumer']} is not"
                    f" {CHARGE_QUEUE.stream}/{CHARGE_QUEUE.durable}"
                )
            if HEADLESS not in said["natsServerMonitoringEndpoint"]:
                yield f"{name_of(each)}: the endpoint is not NATS's headless service"
        if each["spec"].get("minReplicaCount", 0) < 1:
            yield f"{name_of(each)}: what a dead charger held is only counted while one runs"


def one_hand_on_each(resources: list[Resource]) -> Iterator[str]:
    """Whose number a scaler keeps is scaled by nothing else, the manifest included."""
    scalers = of_kind(resources, "ScaledObject", "HorizontalPodAutoscaler")
    targets = [each["spec"]["scaleTargetRef"]["name"] for each in scalers]
    deployments = {each["metadata"]["name"]: each for each in of_kind(resources, "Deployment")}
    for name in sorted(set(targets)):
        if targets.count(name) > 1:
            yield f"{name} has {targets.count(name)} scalers"
        if name not in deployments:
            yield f"{name} is scaled and does not exist"
        elif "replicas" in deployments[name]["spec"]:
            yield f"Deployment {name} has a number of its own beside a scaler's"


def stripe_is_not_overrun(resources: list[Resource]) -> Iterator[str]:
    """While Redis is away each keeps to its part: so all that may run have to be counted."""
    most = limits(resources)
    asking = [
        each
        for each in processes(resources)
        if labels_of(each)["app.kubernetes.io/name"] in ASKS_STRIPE
    ]
    surge = [
        each["spec"].get("strategy", {}).get("rollingUpdate", {}).get("maxSurge", 0)
        for each in asking
    ]
    running = sum(most[each["metadata"]["name"]] for each in asking)
    data = [each["data"] for each in of_kind(resources, "ConfigMap")]
    said = {name: value for each in data for name, value in each.items()}
    counted = int(said.get("STRIPE_PROCESSES", "4"))
    if not running <= counted <= running + sum(surge):
        yield f"STRIPE_PROCESSES is {counted}, and {running} to {running + sum(surge)} may run"
    if said.get("STRIPE_API_BASE"):
        return
    limit = int(said.get("STRIPE_REQUESTS_PER_SECOND", REQUESTS_PER_SECOND_LIVE))
    if limit < REQUESTS_EACH_MIN * counted:
        yield f"{counted} processes share {limit} requests a second: none could finish a charge"


def bus_is_as_large_as_said(resources: list[Resource]) -> Iterator[str]:
    """Three copies need three nodes: a cluster's, not one server's."""
    data = [each["data"] for each in of_kind(resources, "ConfigMap")]
    copies = max((int(each.get("NATS_REPLICAS", "1")) for each in data), default=1)
    for each in of_kind(resources, "StatefulSet"):
        is_bus = labels_of(each).get("app.kubernetes.io/name") == "nats"
        if is_bus and each["spec"]["replicas"] < copies:
            yield f"{name_of(each)} has {each['spec']['replicas']} nodes for {copies} copies"


RULES = (
    queue_is_the_codes,
    one_hand_on_each,
    stripe_is_not_overrun,
    bus_is_as_large_as_said,
)
