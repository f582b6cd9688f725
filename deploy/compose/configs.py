"""The servers' configurations, here and for Kubernetes, made from who may do what.

python -m deploy.compose.configs writes them anew after a change of contracts/streams.py.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from deploy.kubernetes import nats_values
from deploy.local.permissions import PAYLOAD_BYTES_MAX, nats_users, redis_users
from deploy.local.servers import NATS_RESERVED_BYTES

FOLDER = Path(__file__).parent
MADE = "# Made by `python -m deploy.compose.configs`: change deploy/local/permissions.py instead."
RULES_MADE = "# Made by `python -m deploy.compose.configs` from deploy/observability."
PASSWORDS_FILE = "include ../../run/secrets/nats_passwords"


def nats(passwords: str = PASSWORDS_FILE) -> str:
    """Return NATS's configuration. The passwords come from a file beside it, or the environment."""
    return "\n".join(
        [
            MADE,
            *filter(None, [passwords]),
            "server_name: pool",
            'listen: "0.0.0.0:4222"',
            'http: "127.0.0.1:8222"',
            f"max_payload: {PAYLOAD_BYTES_MAX}",
            "# Without sync_interval an acknowledged message can vanish with the power.",
            # Streams reserve what they may grow to; by default the disk says how much that is.
            "jetstream {",
            '  store_dir: "/data"',
            "  sync_interval: always",
            f"  max_file_store: {NATS_RESERVED_BYTES}",
            "}",
            "authorization {",
            *nats_users(lambda user: f"$PASSWORD_OF_{user.upper()}"),
            "}",
            "",
        ]
    )


def valkey() -> str:
    """Return Valkey's configuration, with a mark where each password belongs."""
    return "\n".join(
        [
            MADE,
            "bind * -::*",
            "port 6379",
            "protected-mode no",
            "dir /tmp",
            "# A cache: nothing on disk, and the oldest gives way.",
            'save ""',
            "appendonly no",
            "maxmemory 128mb",
            "maxmemory-policy allkeys-lru",
            *redis_users(lambda user: f"@{user}@"),
            "",
        ]
    )


def nats_in_a_cluster() -> str:
    """Return the values of NATS's own chart."""
    chart = "# For the chart `nats` of nats-io.github.io/k8s, 2.14 or newer."
    return f"{MADE}\n{chart}\n{nats_values.text()}"


def closed() -> str:
    """Return what closes a new Postgres to strangers, as it stands in this folder."""
    return (FOLDER / "postgres.sql").read_text(encoding="utf-8")


def rules_for_the_operator() -> str:
    """Return the alerts as the Prometheus operator takes them."""
    rules = (FOLDER.parent / "observability" / "prometheus" / "rules.yml").read_text("utf-8")
    groups = "".join(f"  {line}" for line in rules[rules.index("groups:") :].splitlines(True))
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule"
    return f"{RULES_MADE}\n{head}\nmetadata: {{name: the-pool}}\nspec:\n{groups}"


FILES: dict[str, Callable[[], str]] = {
    "nats.conf": nats,
    "valkey.conf": valkey,
    # Kustomize reads nothing that lies above its own folders.
    "../kubernetes/base/valkey.conf": valkey,
    "../kubernetes/overlays/demo/nats.conf": lambda: nats(passwords=""),
    "../kubernetes/overlays/demo/closed.sql": closed,
    "../kubernetes/components/prometheus-operator/rules.yaml": rules_for_the_operator,
    "../kubernetes/platform/nats-values.yaml": nats_in_a_cluster,
}


def main() -> int:
    """Write every file."""
    for name, text in FILES.items():
        (FOLDER / name).write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
