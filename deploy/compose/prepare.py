"""Makes the files with secrets that docker-compose.yml hands to the containers.

python3 deploy/compose/prepare.py [--sandbox] [--folder DIR]

Needs Python alone. A file that is there is never changed, so it may be run again.
"""

import argparse
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "secrets"
OPERATOR = "pool"
SERVICES = ("checkout", "pledges", "settlement", "notify", "site")

OWN = ("gateway_secret", "admin_secret", "magic_link_secret", "checkout_intent_secret")
VENDORS = {
    "checkout_stripe_secret_key": "Stripe's key for checkout: customers, setup sessions",
    "settlement_stripe_secret_key": "Stripe's key for settlement: PaymentIntents; may be the same",
    "stripe_webhook_secret": "secret of Stripe's webhook endpoint; empty: webhooks are refused",
    "resend_api_key": "key of Resend",
}


def main(arguments: list[str]) -> int:
    """Write what is missing; say what only the operator can bring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sandbox", action="store_true", help="make up the vendors' keys too")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    folder: Path = options.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in wanted(_password_of(folder), is_sandbox=options.sandbox):
        if not (folder / name).exists():
            _write(folder / name, text)
    missing = [name for name in VENDORS if not (folder / name).exists()]
    for name in missing:
        print(f"Write into {folder / name}: {VENDORS[name]}")
    if not missing:
        print(f"{folder} is complete.")
    return 0


def wanted(password: dict[str, str], *, is_sandbox: bool) -> Iterator[tuple[str, str]]:
    """Yield every file's name and what belongs into it."""
    yield "owner_password", password["postgres_pool"]
    yield "owner_database_url", _database_url(OPERATOR, password["postgres_pool"])
    for service in (*SERVICES, "sandbox"):
        role = f"pool_{service}"
        yield f"{service}_database_url", _database_url(role, password[f"postgres_{service}"])
    for service in SERVICES:
        yield f"{service}_nats_url", f"nats://{service}:{password[f'nats_{service}']}@nats:4222"
        yield (
            f"{service}_redis_url",
            f"redis://{service}:{password[f'redis_{service}']}@valkey:6379/0",
        )
    yield "operator_nats_url", f"nats://{OPERATOR}:{password[f'nats_{OPERATOR}']}@nats:4222"
    users = (OPERATOR, *SERVICES)
    # NATS's own variables, and a script for sed: Valkey has nothing of the kind.
    yield (
        "nats_passwords",
        "\n".join(f'PASSWORD_OF_{user.upper()}: "{password[f"nats_{user}"]}"' for user in users),
    )
    yield (
        "valkey_passwords",
        "\n".join(f"s/@{user}@/{password[f'redis_{user}']}/" for user in users),
    )
    for name in OWN:
        yield name, secrets.token_hex(32)
    # Empty: no account at USPS. The id that belongs to it is a setting, USPS_CLIENT_ID.
    yield "usps_client_secret", secrets.token_hex(24) if is_sandbox else ""
    # Empty: nowhere to push what is published.
    yield "content_remote", ""
    # Empty: Resend's webhooks are refused.
    yield "resend_webhook_secret", f"whsec_{secrets.token_hex(24)}" if is_sandbox else ""
    if is_sandbox:
        stripe_key = f"sk_test_{secrets.token_hex(24)}"
        yield "checkout_stripe_secret_key", stripe_key
        yield "settlement_stripe_secret_key", stripe_key
        yield "stripe_webhook_secret", f"whsec_{secrets.token_hex(24)}"
        yield "resend_api_key", f"re_{secrets.token_hex(16)}"


def _password_of(folder: Path) -> dict[str, str]:
    """Return the passwords, made once and kept: each stands in two files."""
    path = folder / "passwords"
    names = [
        *(f"postgres_{role}" for role in (OPERATOR, *SERVICES, "sandbox")),
        *(f"{server}_{user}" for server in ("nats", "redis") for user in (OPERATOR, *SERVICES)),
    ]
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    kept = dict(line.split() for line in lines)
    found = {name: kept.get(name) or secrets.token_hex(24) for name in names}
    if found != kept:
        _write(path, "\n".join(f"{name} {value}" for name, value in found.items()), mode=0o600)
    return found


def _database_url(role: str, password: str) -> str:
    return f"postgresql://{role}:{password}@postgres:5432/pool"


def _write(path: Path, text: str, *, mode: int = 0o444) -> None:
    """Containers run as other accounts and must read it; the folder is for its owner only."""
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="ascii")
    path.chmod(mode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
