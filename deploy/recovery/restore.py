"""Bring a platform back from a backup, into an empty place, with money and mail at rest.

Source: reliability B-2. Everything that could be refused is refused before anything is written.
"""

import contextlib
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local import plan, ports
from deploy.local.environment import LIVE_KEYS, Environment, assemble, operators_settings
from deploy.local.layout import ROOT, DataDir, StackLock
from deploy.local.sql import close_cluster, create_database, run_sql
from deploy.local.supervisor import StartFailed, Supervisor
from deploy.recovery import aftermath, encryption, manifest
from deploy.recovery.backup import UPLOADS
from deploy.recovery.manifest import Manifest, Refused, Stripe
from deploy.recovery.snapshot import SCHEMAS, run_tool
from services.chassis.storage.migrations import CHASSIS, checksums
from services.site.media.store import folder_of

# What an operator brings to an empty place: settings, the stack's own secrets, and when
# trying out the sandbox, which plays the world outside.
BROUGHT = (".env", "secrets.json", "sandbox", "lock", "tools", "log")
MADE = ("pg", "nats", "valkey", "campaigns", "campaigns.restoring")


@dataclass(frozen=True)
class Restored:
    """What came back."""

    manifest: Manifest
    put_aside: dict[str, int]
    wrong: tuple[str, ...]
    """What the checker found in it; nothing, if the platform was in order."""


def restore(backup: Path, data: DataDir, *, by: str, identities: Path | None = None) -> Restored:
    """Restore a backup into `data`, whose stack is down. Raises `Refused`."""
    found = manifest.read(backup)
    _require_known(found)
    given = operators_settings(data)
    _require_same_world(found, world_of(given))
    _require_empty(data)
    uploads = uploads_of(given)
    if uploads is not None and uploads.is_dir() and any(uploads.iterdir()):
        raise Refused(f"{uploads}, where MEDIA_URL keeps uploads, is not empty.")
    with _locked(data) as lock, _all_or_nothing(data), _scratch(data) as scratch:
        dump, content = _opened(backup, found, scratch, identities)
        with _postgres(data, given, lock) as (env, migrate):
            owner = env.values["DATABASE_URL"]
            _require_empty_database(owner)
            for role in found.roles:
                _make_role(owner, role)
            run_tool("pg_restore", owner, "--exit-on-error", "--no-owner", str(dump))
            aftermath.compare(owner, found)
            # An older release's data is brought to this one's tables before they are read.
            migrate()
            put_aside = aftermath.settle_down(owner, found, by)
            wrong = aftermath.check(owner)
        _unpack(content, data, uploads)
    return Restored(found, put_aside, wrong)


def world_of(given: dict[str, str]) -> Stripe:
    """Return which world a stack's Stripe ids are of."""
    key = given.get("STRIPE_SECRET_KEY", "")
    if not key:
        return "sandbox"
    return "live" if key.startswith(LIVE_KEYS) else "test"


def uploads_of(given: dict[str, str]) -> Path | None:
    """Return where a stack keeps uploads, if that is not below its content folder."""
    named = given.get("MEDIA_URL", "")
    return folder_of(named, Path()) if named else None


def _require_known(found: Manifest) -> None:
    """Refuse data of a newer release: this one would not know what it means."""
    for schema, applied in found.migrations.items():
        known = checksums(_folders(schema))
        for version, checksum in applied.items():
            if known.get(version) != checksum:
                raise Refused(
                    f"This backup is of The Pool {found.version}, which has a migration that"
                    f" this version lacks: {schema} {version}. Restore with that version."
                )


def _folders(schema: str) -> list[Path]:
    """Return the folders whose migrations make a schema."""
    if schema == "platform":
        return [CHASSIS / "platform"]
    return [CHASSIS / "service", ROOT / "services" / schema / "migrations"]


def _require_same_world(found: Manifest, ours: Stripe) -> None:
    if found.stripe != ours:
        raise Refused(
            f"This backup's payments are of Stripe's {found.stripe} world, and the key here is"
            f" of {ours}: nothing in it could be compared. Set the key it was made with."
        )


def _require_empty(data: DataDir) -> None:
    data.path.mkdir(parents=True, exist_ok=True)
    there = sorted(each.name for each in data.path.iterdir() if each.name not in BROUGHT)
    if there:
        raise Refused(
            f"{data.path} is not empty ({', '.join(there[:5])}): a restore never writes over"
            " anything. Name an empty folder with --data."
        )


@contextlib.contextmanager
def _all_or_nothing(data: DataDir) -> Iterator[None]:
    """Leave an empty place behind when it could not be filled, so that it can be tried again."""
    try:
        yield
    except BaseException:
        for name in MADE:
            shutil.rmtree(data.path / name, ignore_errors=True)
        data.file("ports.json").unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _scratch(data: DataDir) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=data.path, prefix="opening-") as name:
        yield Path(name)


@contextlib.contextmanager
def _locked(data: DataDir) -> Iterator[StackLock]:
    lock = StackLock(data)
    if not lock.acquire():
        raise Refused(f"A stack runs on {data.path}. `./pool down` stops it.")
    try:
        yield lock
    finally:
        lock.release()


@contextlib.contextmanager
def _postgres(
    data: DataDir, given: dict[str, str], lock: StackLock
) -> Iterator[tuple[Environment, Callable[[], None]]]:
    """Run our own Postgres alone, or use the operator's; yield also what migrates in it."""
    data.create()
    names = plan.port_names(given, with_services=False, chargers=1)
    chosen = ports.choose(data, names, None)
    env = assemble(data, given, chosen)
    supervisor = Supervisor(data.log, keep=(lock.descriptor,))
    try:
        specs = [each for each in plan.server_specs(data, env) if each.name == "postgres"]
        try:
            supervisor.start(specs)
        except StartFailed as exc:
            raise Refused(f"{exc.reason}: {' '.join(exc.tail[-3:])}") from exc
        if specs:
            create_database(env.values["DATABASE_URL"])
            close_cluster(env.values["DATABASE_URL"])

        def migrate() -> None:
            try:
                supervisor.run_jobs(plan.migration_specs(env))
            except StartFailed as exc:
                raise Refused(f"{exc.reason}: {' '.join(exc.tail[-3:])}") from exc

        yield env, migrate
    finally:
        supervisor.stop()


def _require_empty_database(owner_url: str) -> None:
    listed = ", ".join(f"'{schema}'" for schema in SCHEMAS)
    found = run_sql(
        owner_url,
        f"SELECT string_agg(nspname, ', ') FROM pg_namespace WHERE nspname IN ({listed})",  # noqa: S608
    )
    if found:
        raise Refused(f"The database holds data already (schemas {found}). Name an empty one.")


def _make_role(owner_url: str, role: str) -> None:
    """Make an account that may not log in yet: migrations give it its password."""
    quoted = role.replace('"', '""')
    literal = role.replace("'", "''")
    if not run_sql(owner_url, f"SELECT 1 FROM pg_roles WHERE rolname = '{literal}'"):  # noqa: S608
        run_sql(owner_url, f'CREATE ROLE "{quoted}"')


def _opened(
    backup: Path, found: Manifest, scratch: Path, identities: Path | None
) -> tuple[Path, Path]:
    """Return the dump and the content as plain files."""
    if not found.is_encrypted:
        return backup / manifest.DUMP, backup / manifest.CONTENT
    needed = f"the key of {' or '.join(found.recipients) or 'whoever it was made for'}"
    if identities is None:
        raise Refused(
            f"This backup is encrypted: name the file with {needed}, --identity FILE. It begins"
            " with AGE-SECRET-KEY-1."
        )
    for name in (manifest.DUMP, manifest.CONTENT):
        sealed = backup / (name + encryption.SUFFIX)
        encryption.decrypt(sealed, scratch / name, identities, needed=needed)
    return scratch / manifest.DUMP, scratch / manifest.CONTENT


def _unpack(content: Path, data: DataDir, uploads: Path | None) -> None:
    """Put the content folder where a stack looks for it: whole, or not at all."""
    fresh = data.path / "campaigns.restoring"
    shutil.rmtree(fresh, ignore_errors=True)
    with tarfile.open(content) as archive:
        archive.extractall(fresh, filter="data")
    packed = fresh / "campaigns" / UPLOADS
    if uploads is not None and packed.is_dir():
        shutil.copytree(packed, uploads, dirs_exist_ok=True)
        shutil.rmtree(packed)
    (fresh / "campaigns").rename(data.campaigns)
    fresh.rmdir()
