"""Each validator of the manifests finds the mistake it is there for."""

from collections.abc import Callable
from typing import Any

import pytest

from deploy.kubernetes import check, schemas
from deploy.kubernetes.render import Resource
from tests.deploy.manifests import broken, container, named, rendered

Mistake = Callable[[list[Resource]], Any]


def pod(resources: list[Resource], deployment: str) -> Resource:
    found: Resource = named(resources, "Deployment", deployment)["spec"]["template"]["spec"]
    return found


def keda(resources: list[Resource]) -> Resource:
    found: Resource = named(resources, "ScaledObject", "settlement-charger")["spec"]
    return found


def asks(resources: list[Resource]) -> Resource:
    found: Resource = keda(resources)["triggers"][0]["metadata"]
    return found


def postgres(resources: list[Resource]) -> Resource:
    found: Resource = named(resources, "Cluster", "postgres")["spec"]
    return found


def settings(resources: list[Resource]) -> dict[str, str]:
    found: dict[str, str] = named(resources, "ConfigMap", "settings")["data"]
    return found


def removed(resources: list[Resource], kind: str, name: str) -> None:
    resources.remove(named(resources, kind, name))


# What a schema says: the mistake, and a word of what is said about it.
MISSPELT: dict[str, tuple[Mistake, str]] = {
    "a field of a container": (
        lambda r: container(r, "site")["securityContext"].update(readOnlyRootFS=True),
        "readOnlyRootFS",
    ),
    "a number for a string": (
        lambda r: container(r, "site")["ports"][0].update(containerPort="8000"),
        "is not of type",
    ),
    "a kind nobody knows": (
        lambda r: named(r, "Service", "site").update(kind="Servise"),
        "no schema knows",
    ),
    "a version of long ago": (
        lambda r: named(r, "PodDisruptionBudget", "site").update(apiVersion="policy/v1beta1"),
        "no schema knows",
    ),
    "KEDA: a number": (lambda r: asks(r).update(lagThreshold=200), "200 is not of type 'string'"),
    "KEDA: a yes": (lambda r: asks(r).update(useHttps=False), "False is not one of"),
    "KEDA: a scheme": (
        lambda r: asks(r).update(natsServerMonitoringEndpoint="http://nats-headless:8222"),
        "does not match",
    ),
    "KEDA: a misspelt field": (lambda r: keda(r).update(minReplicas=1), "minReplicas"),
    "KEDA: no account": (lambda r: asks(r).pop("account"), "is not valid under any"),
    "Postgres: misspelt": (lambda r: postgres(r).update(instanses=3), "instanses"),
    "Postgres: a number": (
        lambda r: postgres(r)["postgresql"]["parameters"].update(max_connections=400),
        "400 is not of type 'string'",
    ),
    "Postgres: an old field": (lambda r: postgres(r).update(minSyncReplicas=1), "minSyncReplicas"),
    "Postgres: a method": (
        lambda r: postgres(r)["postgresql"]["synchronous"].update(method="some"),
        "'some' is not one of",
    ),
    "Gateway: https without a certificate": (
        lambda r: named(r, "Gateway", "people")["spec"]["listeners"][0].pop("tls"),
        "'tls' is a required property",
    ),
    "HTTPRoute: a port as a name": (
        lambda r: named(r, "HTTPRoute", "site")["spec"]["rules"][0]["backendRefs"][0].update(
            port="http"
        ),
        "is not of type 'integer'",
    ),
    "PodMonitor: misspelt": (
        lambda r: named(r, "PodMonitor", "the-pool")["spec"].update(podMetricEndpoints=[]),
        "podMetricEndpoints",
    ),
    "PrometheusRule: no question": (
        lambda r: named(r, "PrometheusRule", "the-pool")["spec"]["groups"][0]["rules"][0].pop(
            "expr"
        ),
        "'expr' is a required property",
    ),
    "ExternalSecret: no store": (
        lambda r: named(r, "ExternalSecret", "site")["spec"].pop("secretStoreRef"),
        "'secretStoreRef' is a required property",
    ),
}

# What a rule says, where every schema is content.
WRONG: dict[str, tuple[Mistake, str]] = {
    "root": (lambda r: pod(r, "site")["securityContext"].update(runAsUser=0), "may run as root"),
    "a low user": (
        lambda r: pod(r, "site")["securityContext"].update(runAsUser=1000),
        "runs as a user below 10001",
    ),
    "no seccomp": (
        lambda r: pod(r, "site")["securityContext"].pop("seccompProfile"),
        "has no seccomp profile",
    ),
    "a token": (
        lambda r: pod(r, "site").pop("automountServiceAccountToken"),
        "token of the cluster",
    ),
    "escalation": (
        lambda r: container(r, "site")["securityContext"].pop("allowPrivilegeEscalation"),
        "may become more than it is",
    ),
    "a writable image": (
        lambda r: container(r, "site")["securityContext"].update(readOnlyRootFilesystem=False),
        "may write to its image",
    ),
    "capabilities": (
        lambda r: container(r, "site")["securityContext"].update(capabilities={"add": ["NET_RAW"]}),
        "keeps capabilities",
    ),
    "no limit": (lambda r: container(r, "site")["resources"].pop("limits"), "no limit of memory"),
    "no request": (
        lambda r: container(r, "site")["resources"].pop("requests"),
        "does not say what it needs",
    ),
    "latest": (lambda r: container(r, "site").update(image="r.test:5000/x:latest"), "can move"),
    "no tag": (lambda r: container(r, "site").update(image="r.test:5000/x"), "can move"),
    "a liveness that asks the database": (
        lambda r: container(r, "site")["livenessProbe"]["httpGet"].update(path="/readyz"),
        "livenessProbe does not ask /livez",
    ),
    "no readiness": (
        lambda r: container(r, "site").pop("readinessProbe"),
        "readinessProbe does not ask /readyz",
    ),
    "a short grace": (
        lambda r: pod(r, "site").update(terminationGracePeriodSeconds=30),
        "killed before it has drained",
    ),
    "no farewell": (lambda r: container(r, "site").pop("lifecycle"), "new work is still sent"),
    "no spread": (lambda r: pod(r, "site").pop("topologySpreadConstraints"), "is not spread"),
    "no budget": (lambda r: removed(r, "PodDisruptionBudget", "site"), "has 0 disruption budgets"),
    "a budget for nobody": (
        lambda r: named(r, "PodDisruptionBudget", "site")["spec"]["selector"]["matchLabels"].update(
            {"app.kubernetes.io/name": "sight"}
        ),
        "is about nobody",
    ),
    "a budget that holds up the ill": (
        lambda r: named(r, "PodDisruptionBudget", "site")["spec"].pop("unhealthyPodEvictionPolicy"),
        "holds up who is ill",
    ),
    "a service for nobody": (
        lambda r: named(r, "Service", "site")["spec"]["selector"].update({"a": "b"}),
        "leads to 0 workloads",
    ),
    "a service for too many": (
        lambda r: named(r, "Service", "site")["spec"]["selector"].pop(
            "app.kubernetes.io/component"
        ),
        "leads to 2 workloads",
    ),
    "a port of nobody": (
        lambda r: named(r, "Service", "site")["spec"]["ports"][0].update(targetPort="https"),
        "nobody listens on https",
    ),
    "a secret among settings": (
        lambda r: settings(r).update(STRIPE_WEBHOOK_SECRET="whsec_1"),
        "STRIPE_WEBHOOK_SECRET belongs in a Secret",
    ),
    "a secret as a variable": (
        lambda r: container(r, "site").update(env=[{"name": "ADMIN_SECRET", "value": "x"}]),
        "should be a file",
    ),
    "a secret in the overlay": (
        lambda r: r.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}),
        "keep secrets out of files that are shared",
    ),
    "a map that is not there": (
        lambda r: removed(r, "ConfigMap", "valkey"),
        "no ConfigMap valkey",
    ),
    "a volume that is not there": (
        lambda r: removed(r, "PersistentVolumeClaim", "campaigns"),
        "no volume campaigns",
    ),
    "another stream": (lambda r: asks(r).update(stream="charges"), "is not CHARGES/"),
    "another consumer": (lambda r: asks(r).update(consumer="chargers"), "is not CHARGES/"),
    "the ordinary service": (
        lambda r: asks(r).update(natsServerMonitoringEndpoint="nats.pool.svc.cluster.local:8222"),
        "not NATS's headless service",
    ),
    "no charger at all": (lambda r: keda(r).update(minReplicaCount=0), "while one runs"),
    "too many chargers": (lambda r: keda(r).update(maxReplicaCount=40), "STRIPE_PROCESSES is 17"),
    "more than Stripe has room for": (
        lambda r: (keda(r).update(maxReplicaCount=40), settings(r).update(STRIPE_PROCESSES="50")),
        "none could finish a charge",
    ),
    "two scalers": (
        lambda r: named(r, "HorizontalPodAutoscaler", "site")["spec"]["scaleTargetRef"].update(
            name="settlement-charger"
        ),
        "settlement-charger has 2 scalers",
    ),
    "a number beside a scaler": (
        lambda r: named(r, "Deployment", "site")["spec"].update(replicas=2),
        "has a number of its own",
    ),
    "who is scaled is not there": (
        lambda r: keda(r)["scaleTargetRef"].update(name="charger"),
        "is scaled and does not exist",
    ),
    "a misspelt setting": (lambda r: settings(r).update(SITE_BSAE="x"), "nobody reads SITE_BSAE"),
    "a missing setting": (lambda r: settings(r).pop("SITE_BASE"), "SITE_BASE is missing"),
    "a setting that is none": (
        lambda r: settings(r).update(STRIPE_PROCESSES="0"),
        "STRIPE_PROCESSES",
    ),
    "a secret that is not mounted": (
        lambda r: container(r, "site")["volumeMounts"].pop(
            [m["name"] for m in container(r, "site")["volumeMounts"]].index("secrets")
        ),
        "no Secret brings /run/secrets/pool/ADMIN_SECRET",
    ),
    "another's secret": (
        lambda r: pod(r, "notify")["volumes"][-1]["secret"].update(secretName="site"),
        "no Secret brings /run/secrets/pool/RESEND_API_KEY",
    ),
    "a secret nobody makes": (
        lambda r: removed(r, "ExternalSecret", "valkey-passwords"),
        "nobody makes the Secret valkey-passwords",
    ),
    "a gateway of another name": (
        lambda r: named(r, "Gateway", "people")["spec"]["listeners"][0].update(hostname="x.test"),
        "listens to x.test, not to SITE_BASE",
    ),
    "a route of another name": (
        lambda r: named(r, "HTTPRoute", "site")["spec"].update(hostnames=["x.test"]),
        "is about x.test, not about SITE_BASE",
    ),
}


def said_by_schemas(resources: list[Resource]) -> list[str]:
    """Return the faults of what was changed; the rest is looked at elsewhere."""
    right = rendered("production")
    return [fault for each in resources if each not in right for fault in schemas.faults(each)]


@pytest.mark.parametrize("name", MISSPELT)
def test_a_schema_finds(name: str) -> None:
    mistake, words = MISSPELT[name]

    found = said_by_schemas(broken("production", mistake))

    assert any(words in fault for fault in found), found
    assert len(found) <= len(schemas.VERSIONS)


@pytest.mark.parametrize("name", WRONG)
def test_a_rule_finds(name: str) -> None:
    mistake, words = WRONG[name]
    resources = broken("production", mistake)

    found = [fault for rule in check.ALL for fault in rule(resources)]

    assert any(words in fault for fault in found), found
    assert said_by_schemas(resources) == []


def test_a_small_bus_cannot_keep_three_copies() -> None:
    found = list(check.faults(broken("demo", lambda r: settings(r).update(NATS_REPLICAS="3"))))

    assert found == ["StatefulSet nats has 1 nodes for 3 copies"]
