"""The values of NATS's official chart, made from who may do what."""

from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from deploy.local.layout import SERVICES
from deploy.local.permissions import (
    ANSWER_SECONDS,
    OPERATOR,
    PAYLOAD_BYTES_MAX,
    may_publish,
    may_subscribe,
    questions_to,
)
from deploy.local.servers import NATS_RESERVED_BYTES

VERSION = "2.15.1"
PASSWORDS = "nats-passwords"
NOBODY = 10_001

FENCED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def variable(user: str) -> str:
    """Return the name of the variable that holds a user's password."""
    return f"PASSWORD_OF_{user.upper()}"


def users() -> list[dict[str, Any]]:
    """Return the bus's users as its configuration has them."""
    found: list[dict[str, Any]] = [{"user": OPERATOR, "password": f"<< ${variable(OPERATOR)} >>"}]
    for service in SERVICES:
        permissions: dict[str, Any] = {
            "publish": {"allow": list(dict.fromkeys(may_publish(service)))},
            "subscribe": {"allow": list(dict.fromkeys(may_subscribe(service)))},
        }
        if questions_to(service):
            permissions["allow_responses"] = {"max": 1, "expires": f"{ANSWER_SECONDS}s"}
        found.append(
            {
                "user": service,
                "password": f"<< ${variable(service)} >>",
                "permissions": permissions,
            }
        )
    return found


def values() -> dict[str, Any]:
    """Return what `helm install nats nats/nats --values` is given."""
    return {
        "config": {
            "cluster": {"enabled": True, "replicas": 3},
            "jetstream": {
                "enabled": True,
                "memoryStore": {"enabled": False},
                "fileStore": {"enabled": True, "pvc": {"enabled": True, "size": "20Gi"}},
            },
            "monitor": {"enabled": True, "port": 8222},
            "merge": {
                "max_payload": PAYLOAD_BYTES_MAX,
                # Without sync_interval an acknowledged message can vanish with the power.
                "jetstream": {
                    "sync_interval": "always",
                    "max_file_store": NATS_RESERVED_BYTES,
                },
                "authorization": {"users": users()},
            },
        },
        "container": {
            "image": {"tag": f"{VERSION}-alpine"},
            "env": {
                variable(user): {
                    "valueFrom": {"secretKeyRef": {"name": PASSWORDS, "key": variable(user)}}
                }
                for user in (OPERATOR, *SERVICES)
            },
            "merge": {
                "securityContext": FENCED,
                "resources": {
                    "requests": {"cpu": "500m", "memory": "512Mi"},
                    "limits": {"memory": "1Gi"},
                },
            },
        },
        "reloader": {"merge": {"securityContext": FENCED}},
        "promExporter": {"enabled": True, "merge": {"securityContext": FENCED}},
        "podTemplate": _pods(),
        "podDisruptionBudget": {"enabled": True},
        "natsBox": {"enabled": False},
    }


def _pods() -> dict[str, Any]:
    """One to a machine, as nobody, without a key to the cluster."""
    return {
        "topologySpreadConstraints": {
            "kubernetes.io/hostname": {"maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"},
            "topology.kubernetes.io/zone": {
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
            },
        },
        "merge": {
            "spec": {
                "automountServiceAccountToken": False,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": NOBODY,
                    "runAsGroup": NOBODY,
                    "fsGroup": NOBODY,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            }
        },
    }


def text() -> str:
    """Return them as YAML."""
    stream = StringIO()
    yaml = YAML()
    yaml.width = 100
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump(values(), stream)
    return stream.getvalue()
