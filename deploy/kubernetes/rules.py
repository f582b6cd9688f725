"""What every overlay has to keep, beyond what Kubernetes itself asks."""

import re
from collections.abc import Callable, Iterator

from deploy.kubernetes.render import Resource, containers_of, name_of, of_kind, pod_of

Rule = Callable[[list[Resource]], Iterator[str]]

WORKLOADS = ("Deployment", "StatefulSet", "Job")
COMPONENT = "app.kubernetes.io/component"
OUR_USER_MIN = 10_001
DRAIN_SECONDS = 25
SECRET_LIKE = re.compile(r"SECRET|PASSWORD|API_KEY|DATABASE_URL|NATS_URL|REDIS_URL|SMTP_URL")
NOT_THE_VALUE = ("_FILE", "_PUBLISHABLE_KEY")
IMAGE = re.compile(
    r"[^:@\s]+(?::\d+/[^:@\s]+)?(?::(?P<tag>[^:@\s]+))?(?P<digest>@sha256:[0-9a-f]{64})?"
)


def labels_of(resource: Resource) -> dict[str, str]:
    """Return the labels of a workload's pods."""
    found: dict[str, str] = pod_of(resource)["metadata"]["labels"]
    return found


def processes(resources: list[Resource]) -> list[Resource]:
    """Return the Deployments that run a role of a service of ours."""
    return [each for each in of_kind(resources, "Deployment") if COMPONENT in labels_of(each)]


def selects(selector: Resource, labels: dict[str, str]) -> bool:
    """Tell whether a label selector means these labels."""
    wanted = selector.get("matchLabels", {})
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    for each in selector.get("matchExpressions", []):
        key, values = each["key"], each.get("values", [])
        holds = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not holds[each["operator"]]:
            return False
    return True


def fenced_in(resources: list[Resource]) -> Iterator[str]:
    """Nobody is root, may become more, writes to its image, or holds a key to the cluster."""
    for each in of_kind(resources, *WORKLOADS):
        pod = pod_of(each)["spec"]
        who = pod.get("securityContext", {})
        if who.get("runAsNonRoot") is not True or who.get("runAsUser", 0) == 0:
            yield f"{name_of(each)} may run as root"
        if COMPONENT in labels_of(each) and who.get("runAsUser", 0) < OUR_USER_MIN:
            yield f"{name_of(each)} runs as a user below {OUR_USER_MIN}"
        if who.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name_of(each)} has no seccomp profile"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name_of(each)} is given a token of the cluster"
        for container in containers_of(each):
            yield from _open_ends(f"{name_of(each)}, {container['name']}", container)


def _open_ends(name: str, container: Resource) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: may become more than it is"
    if context.get("readOnlyRootFilesystem") is not True:
        yield f"{name}: may write to its image"
    if context.get("capabilities") != {"drop": ["ALL"]}:
        yield f"{name}: keeps capabilities"
    resources = container.get("resources", {})
    if "memory" not in resources.get("limits", {}):
        yield f"{name}: no limit of memory"
    if not {"cpu", "memory"} <= set(resources.get("requests", {})):
        yield f"{name}: does not say what it needs"


def images_stand_still(resources: list[Resource]) -> Iterator[str]:
    """A tag that moves is another program tomorrow."""
    for each in of_kind(resources, *WORKLOADS):
        for container in containers_of(each):
            found = IMAGE.fullmatch(container["image"])
            tag, digest = (found["tag"], found["digest"]) if found else (None, None)
            if not digest and tag in (None, "latest"):
                yield f"{name_of(each)}, {container['name']}: {container['image']} can move"


def looked_after(resources: list[Resource]) -> Iterator[str]:
    """Each process is probed, drained before it ends, and spread over machines and zones."""
    for each in processes(resources):
        pod = pod_of(each)["spec"]
        if pod.get("terminationGracePeriodSeconds", 0) < DRAIN_SECONDS + 15:
            yield f"{name_of(each)} is killed before it has drained"
        keys = {spread["topologyKey"] for spread in pod.get("topologySpreadConstraints", [])}
        if not {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} <= keys:
            yield f"{name_of(each)} is not spread over machines and zones"
        for container in pod["containers"]:
            for probe, path in {
                "startupProbe": "/livez",
                "livenessProbe": "/livez",
                "readinessProbe": "/readyz",
            }.items():
                if container.get(probe, {}).get("httpGet", {}).get("path") != path:
                    yield f"{name_of(each)}: {probe} does not ask {path}"
            if "sleep" not in container.get("lifecycle", {}).get("preStop", {}):
                yield f"{name_of(each)} ends while new work is still sent to it"


def one_budget_each(resources: list[Resource]) -> Iterator[str]:
    """A drained machine takes one of a kind at a time, and never waits for one that is ill."""
    budgets = of_kind(resources, "PodDisruptionBudget")
    used: set[str] = set()
    for each in processes(resources):
        mine = [b for b in budgets if selects(b["spec"]["selector"], labels_of(each))]
        used |= {name_of(budget) for budget in mine}
        if len(mine) != 1:
            yield f"{name_of(each)} has {len(mine)} disruption budgets"
    for budget in budgets:
        if name_of(budget) not in used:
            yield f"{name_of(budget)} is about nobody"
        if budget["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"{name_of(budget)} holds up who is ill"


def services_lead_somewhere(resources: list[Resource]) -> Iterator[str]:
    """A Service's selector means one workload, and its port is one of that."""
    workloads = of_kind(resources, "Deployment", "StatefulSet")
    for each in of_kind(resources, "Service"):
        wanted = {"matchLabels": each["spec"]["selector"]}
        found = [one for one in workloads if selects(wanted, labels_of(one))]
        if len(found) != 1:
            yield f"{name_of(each)} leads to {len(found)} workloads"
            continue
        named = {p["name"] for c in containers_of(found[0]) for p in c.get("ports", [])}
        for port in each["spec"]["ports"]:
            if port["targetPort"] not in named:
                yield f"{name_of(each)}: nobody listens on {port['targetPort']}"


def no_secret_in_the_open(resources: list[Resource]) -> Iterator[str]:
    """Secrets are files: no ConfigMap, no variable and no manifest holds one."""
    for secret in of_kind(resources, "Secret"):
        yield f"{name_of(secret)} is in the overlay: keep secrets out of files that are shared"
    for each in of_kind(resources, "ConfigMap"):
        for name in each.get("data", {}):
            if SECRET_LIKE.search(name) and not name.endswith(NOT_THE_VALUE):
                yield f"{name_of(each)}: {name} belongs in a Secret"
    for each in of_kind(resources, *WORKLOADS):
        for container in containers_of(each):
            for variable in container.get("env", []):
                name = variable["name"]
                if SECRET_LIKE.search(name) and not name.endswith(("_FILE", "_ARGS")):
                    yield f"{name_of(each)}: {name} is a variable, it should be a file"


def what_is_named_exists(resources: list[Resource]) -> Iterator[str]:
    """ConfigMaps and volumes that a pod names are in the overlay."""
    maps = {each["metadata"]["name"] for each in of_kind(resources, "ConfigMap")}
    claims = {each["metadata"]["name"] for each in of_kind(resources, "PersistentVolumeClaim")}
    for each in of_kind(resources, *WORKLOADS):
        volumes = pod_of(each)["spec"].get("volumes", [])
        named = [v["configMap"]["name"] for v in volumes if "configMap" in v]
        for container in containers_of(each):
            sources = container.get("envFrom", [])
            named += [s["configMapRef"]["name"] for s in sources if "configMapRef" in s]
        yield from (f"{name_of(each)}: no ConfigMap {n}" for n in named if n not in maps)
        asked = [
            v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v
        ]
        yield from (f"{name_of(each)}: no volume {n}" for n in asked if n not in claims)


RULES: tuple[Rule, ...] = (
    fenced_in,
    images_stand_still,
    looked_after,
    one_budget_each,
    services_lead_somewhere,
    no_secret_in_the_open,
    what_is_named_exists,
)
