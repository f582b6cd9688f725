"""Makes the Secrets that the manifests name, for who has no secret store.

python3 -m deploy.kubernetes.prepare [--sandbox] [--folder DIR]

Needs Python alone. Writes DIR/secrets.json, to be applied with kubectl and kept like a key; what
was made before is kept, so it may be run again.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.compose import prepare as compose

FOLDER = Path(__file__).parent / "secrets"
FILE = "secrets.json"
DATABASE_HOST = "postgres-rw"

# A Secret's keys, each with the file of the containers' secrets that has its value.
_EVERYBODY = {"GATEWAY_SECRET": "gateway_secret", "ADMIN_SECRET": "admin_secret"}
_LINKS = {"MAGIC_LINK_SECRET": "magic_link_secret", "MAGIC_LINK_SECRET_PREVIOUS": ""}
_OWN: dict[str, dict[str, str]] = {
    "checkout": {
        **_LINKS,
        "CHECKOUT_INTENT_SECRET": "checkout_intent_secret",
        "STRIPE_SECRET_KEY": "checkout_stripe_secret_key",
        "STRIPE_WEBHOOK_SECRET": "stripe_webhook_secret",
        "TURNSTILE_SECRET": "",
        "USPS_CLIENT_SECRET": "usps_client_secret",
    },
    "pledges": _LINKS,
    "settlement": {**_LINKS, "STRIPE_SECRET_KEY": "settlement_stripe_secret_key"},
    "notify": {
        **_LINKS,
        "RESEND_API_KEY": "resend_api_key",
        "RESEND_WEBHOOK_SECRET": "resend_webhook_secret",
        "SMTP_URL": "",
        "TURNSTILE_SECRET": "",
    },
    "site": {},
}
_SANDBOX = {
    "SANDBOX_DATABASE_URL": "sandbox_database_url",
    "STRIPE_SECRET_KEY": "checkout_stripe_secret_key",
    "STRIPE_WEBHOOK_SECRET": "stripe_webhook_secret",
    "RESEND_API_KEY": "resend_api_key",
    "RESEND_WEBHOOK_SECRET": "resend_webhook_secret",
    "USPS_CLIENT_SECRET": "usps_client_secret",
}


def sources(*, is_sandbox: bool) -> dict[str, dict[str, str]]:
    """Return every Secret's keys, and the containers' file each value stands in; "" is empty."""
    found = {
        service: {
            **{
                f"{server.upper()}_URL": f"{service}_{server}_url"
                for server in ("database", "nats", "redis")
            },
            **_EVERYBODY,
            **own,
        }
        for service, own in _OWN.items()
    }
    found["migrate"] = {
        "MIGRATION_DATABASE_URL": "owner_database_url",
        "OPERATOR_NATS_URL": "operator_nats_url",
        **{f"{name.upper()}_DATABASE_URL": f"{name}_database_url" for name in _OWN},
    }
    if is_sandbox:
        found["sandbox"] = _SANDBOX
    return found


def secrets(value_of: Mapping[str, str], *, is_sandbox: bool) -> dict[str, dict[str, str]]:
    """Return every Secret with its values, from those of the containers."""
    found = {
        name: {key: value_of.get(source, "") for key, source in keys.items()}
        for name, keys in sources(is_sandbox=is_sandbox).items()
    }
    found["nats-passwords"] = dict(
        line.replace('"', "").split(": ") for line in value_of["nats_passwords"].splitlines()
    )
    found["valkey-passwords"] = {"valkey_passwords": value_of["valkey_passwords"]}
    found["postgres-owner"] = {"username": compose.OPERATOR, "password": value_of["owner_password"]}
    return found


def manifest(found: Mapping[str, Mapping[str, str]], namespace: str) -> dict[str, Any]:
    """Return them as one document for kubectl."""
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "kubernetes.io/basic-auth" if name == "postgres-owner" else "Opaque",
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "labels": {"app.kubernetes.io/part-of": "the-pool"},
                },
                "stringData": dict(values),
            }
            for name, values in found.items()
        ],
    }


def main(arguments: list[str]) -> int:
    """Write the document; say what only the operator can bring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sandbox", action="store_true", help="make up the vendors' keys too")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--namespace", default="pool")
    options = parser.parse_args(arguments)
    files = [] if not options.sandbox else ["--sandbox"]
    compose.main([*files, "--folder", str(options.folder / "values")])
    value_of = {
        path.name: path.read_text(encoding="ascii").strip()
        for path in (options.folder / "values").iterdir()
    }
    for name, url in value_of.items():
        if name.endswith("database_url"):
            host = f"@{DATABASE_HOST}:"
            # Inside of a cluster others share the network; on one machine they don't.
            ending = "" if options.sandbox else "?sslmode=require"
            value_of[name] = url.replace("@postgres:", host) + ending
    if missing := [name for name in compose.VENDORS if name not in value_of]:
        print(f"Not written: {', '.join(missing)} first.")
        return 1
    target = options.folder / FILE
    target.touch(mode=0o600)
    found = secrets(value_of, is_sandbox=options.sandbox)
    document = json.dumps(manifest(found, options.namespace), indent=1)
    target.write_text(document + "\n", encoding="ascii")
    print(f"Now: kubectl apply --filename {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
