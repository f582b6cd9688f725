"""doctor: what is wrong here, why it matters, and what to do about it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deploy.local import loopback, stack_file, status, versions
from deploy.local.env_file import SettingsRefused
from deploy.local.environment import (
    LIVE_KEYS,
    SECRET_LENGTH_MIN,
    operators_settings,
    stack_secrets,
)
from deploy.local.layout import SERVICES, DataDir, read_json
from deploy.local.ports import is_free
from deploy.local.sql import run_sql
from deploy.local.wheels import ServerRefused
from deploy.recovery import age

PYTHON_MIN = (3, 11)
DISK_BYTES_MIN = 1_000_000_000
SECRETS = ("ADMIN_SECRET", "GATEWAY_SECRET", "MAGIC_LINK_SECRET", "CHECKOUT_INTENT_SECRET")

READ_SECONDS = 10.0
# Those that wait behind one, and those that come too early, need nobody.
PARKED_FIX = "`./pool parked`; docs/operators.md, “An event was parked”."
EACH_PARKED = " UNION ALL ".join(
    f"SELECT '{schema} ' || count(*) AS said, count(*) AS parked FROM {schema}.parked_events"  # noqa: S608
    " WHERE resolved_at IS NULL AND NOT is_waiting AND try_again_at IS NULL"
    for schema in SERVICES
)
PARKED = f"SELECT string_agg(said, ', ') FROM ({EACH_PARKED}) AS each WHERE parked > 0"  # noqa: S608

Result = Literal["ok", "wrong", "skipped"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    result: Result
    why: str
    fix: str = ""


class Doctor:
    """Looks at one stack, running or not."""

    def __init__(self, data: DataDir, *, is_deep: bool = False) -> None:
        self.data = data
        self.is_deep = is_deep
        self.document = stack_file.read(data) if stack_file.is_running(data) else {}
        self.found = status.collect(data) if self.document else None
        self.given: dict[str, str] = {}

    def checks(self) -> Iterator[Check]:
        """Yield every check; settings first, since the others read them."""
        yield self._settings()
        rest: tuple[Callable[[], Check], ...] = (
            self._python,
            self._disk,
            self._zone,
            self._postgres,
            self._nats,
            self._redis,
            self._ports,
            self._secrets,
            self._stripe,
            self._webhook_secret,
            self._services,
            self._migrations,
            self._parked,
            self._clock,
            self._payments,
            self._stripe_agrees,
            self._disputes,
            self._backup,
        )
        for check in rest:
            yield check()
        if self.is_deep:
            yield self._invariants()

    def _settings(self) -> Check:
        try:
            self.given = operators_settings(self.data)
        except SettingsRefused as exc:
            return Check("settings", "wrong", str(exc), "Change the environment or the .env file.")
        return Check("settings", "ok", f"{len(self.given)} set by you, the rest by ./pool")

    def _python(self) -> Check:
        shown = ".".join(map(str, sys.version_info[:3]))
        if sys.version_info[:2] < PYTHON_MIN:
            return Check("python", "wrong", f"Python {shown} is too old", "Install 3.11 or newer.")
        return Check("python", "ok", f"Python {shown}")

    def _disk(self) -> Check:
        folder = self.data.path
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        text = f"{free / 1e9:.1f} GB free under {self.data.path}"
        if free < DISK_BYTES_MIN:
            return Check("disk", "wrong", text, "Free some space: servers stop on a full disk.")
        return Check("disk", "ok", text)

    def _zone(self) -> Check:
        name = self.given.get("PLATFORM_TIMEZONE") or "America/Denver"
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            fix = "Set PLATFORM_TIMEZONE to a name such as America/Denver."
            return Check("time zone", "wrong", f"{name} is not a time zone", fix)
        return Check("time zone", "ok", f"deadlines are midnights in {name}")

    def _postgres(self) -> Check:
        return self._version("postgres", versions.postgres, versions.POSTGRES_MIN, "DATABASE_URL")

    def _nats(self) -> Check:
        return self._version("nats", versions.nats, versions.NATS_MIN, "NATS_URL")

    def _redis(self) -> Check:
        return self._version("redis", versions.valkey, versions.VALKEY_MIN, "REDIS_URL")

    def _version(
        self, name: str, ask: Callable[[str | None], str], least: str, setting: str
    ) -> Check:
        url = self.document.get(name) or self.given.get(setting)
        try:
            shown = ask(url)
        except (versions.NoAnswer, ServerRefused) as exc:
            return Check(name, "wrong", str(exc), f"Check {setting}, or unset it to use our own.")
        if versions.numbers(shown) < versions.numbers(least):
            why = f"{shown} is older than {least}, whose faults cost data or money"
            return Check(name, "wrong", why, f"Point {setting} at a newer server.")
        return Check(name, "ok", f"version {shown}, {'running' if url else 'ready to start'}")

    def _ports(self) -> Check:
        if self.document:
            return Check("ports", "ok", f"the site is at {self.document['site']}")
        kept = read_json(self.data.file("ports.json")) or {"site": 8000}
        taken = [f"{name} {port}" for name, port in kept.items() if not is_free(port)]
        if "site" in kept and not is_free(kept["site"]):
            fix = "Stop what listens there, or `./pool up --port`."
            return Check("ports", "wrong", f"taken: {', '.join(taken)}", fix)
        return Check("ports", "ok", "free" if not taken else f"new ones for: {', '.join(taken)}")

    def _secrets(self) -> Check:
        kept = read_json(self.data.file("secrets.json"))
        known = {**(stack_secrets(self.data) if kept else {}), **self.given}
        short = [name for name in SECRETS if 0 < len(known.get(name, "")) < SECRET_LENGTH_MIN]
        if short:
            fix = "Make them with: openssl rand -hex 32"
            why = f"{', '.join(short)}: shorter than {SECRET_LENGTH_MIN} characters, guessable"
            return Check("secrets", "wrong", why, fix)
        return Check("secrets", "ok", f"at least {SECRET_LENGTH_MIN} characters each")

    def _stripe(self) -> Check:
        key = self.given.get("STRIPE_SECRET_KEY", "")
        if key.startswith(LIVE_KEYS):
            return Check("stripe key", "wrong", "a live key", "Use a test key with ./pool up.")
        if key:
            return Check("stripe key", "ok", "a test key: the real Stripe, no real money")
        return Check("stripe key", "ok", "none: the sandbox stands in for Stripe")

    def _webhook_secret(self) -> Check:
        if not self.given.get("STRIPE_SECRET_KEY") or self.given.get("STRIPE_WEBHOOK_SECRET"):
            return Check("webhook secret", "ok", "set")
        fix = (
            "`stripe listen --forward-to …/webhooks/stripe` prints one; set STRIPE_WEBHOOK_SECRET."
        )
        why = "missing: Stripe's events are refused with 503, pledges wait for the browser"
        return Check("webhook secret", "wrong", why, fix)

    def _services(self) -> Check:
        if self.found is None:
            return Check("services", "skipped", "the stack is not running", "`./pool up`")
        services: dict[str, Any] = self.found["services"]
        bad = [name for name, each in services.items() if not each["ready"]]
        poor = [
            f"{n} misses {', '.join(e['degraded'])}"
            for n, e in services.items()
            if e["ready"] and e["degraded"]
        ]
        if bad or poor:
            why = "; ".join([*(f"{name} is not ready" for name in bad), *poor])
            return Check("services", "wrong", why, f"`./pool logs {bad[0] if bad else ''}`")
        return Check("services", "ok", f"{len(services)} ready")

    def _migrations(self) -> Check:
        if self.found is None:
            return Check("migrations", "skipped", "the stack is not running", "`./pool up`")
        missing = [
            f"{name}: {part}"
            for name, each in self.found["services"].items()
            for part in each["degraded"]
            if part.endswith(".sql")
        ]
        if missing:
            return Check("migrations", "wrong", "; ".join(missing), "Restart: `./pool down`, `up`.")
        return Check("migrations", "ok", "every schema is current")

    def _parked(self) -> Check:
        found = self._read("parked events", PARKED)
        if isinstance(found, Check):
            return found
        if found:
            return Check("parked events", "wrong", f"a person must look at: {found}", PARKED_FIX)
        return Check("parked events", "ok", "none waits for a person")

    def _clock(self) -> Check:
        offset = self._read(
            "clock", "SELECT round(extract(epoch FROM offset_by)) FROM platform.clock_offset"
        )
        if isinstance(offset, Check):
            return offset
        days = float(offset or 0) / 86_400
        if not self.document["sandbox"] and days:
            why = f"the platform's clock is {days:.1f} days off: deadlines close at wrong times"
            return Check("clock", "wrong", why, "UPDATE platform.clock_offset SET offset_by = '0'")
        moved = f"moved by {days:.1f} days with the sandbox" if days else "tells real time"
        return Check("clock", "ok", moved)

    def _payments(self) -> Check:
        pause = self._asked("payments", "/admin/payments")
        if isinstance(pause, Check):
            return pause
        if pause["isPaused"]:
            why = f"paused by {pause['changedBy']}: {pause['because'] or 'no reason given'}"
            return Check("payments", "wrong", why, "`./pool reconcile`, then `./pool resume`.")
        return Check("payments", "ok", "charges, retries and refunds go on")

    def _stripe_agrees(self) -> Check:
        name = "reconciliation"
        report = self._asked(name, "/admin/reconciliations")
        if isinstance(report, Check):
            return report
        breaks, run = report["openBreaks"], report["run"]
        if breaks:
            first = ", ".join(f"{each['kind']} {each['subject']}" for each in breaks[:3])
            fix = "docs/operators.md, “We and Stripe do not agree”."
            return Check(name, "wrong", f"{len(breaks)} breaks: {first}", fix)
        if run is not None and run["error"]:
            return Check(name, "wrong", f"the last run failed: {run['error']}", "Run it again.")
        return Check(name, "ok", "we and Stripe agree" if run else "nothing to compare yet")

    def _disputes(self) -> Check:
        found = self._asked("disputes", "/admin/disputes")
        if isinstance(found, Check):
            return found
        if waiting := [each for each in found if each["status"].endswith("needs_response")]:
            due = min(each["evidenceDueAt"] or "" for each in waiting)
            why = f"{len(waiting)} wait for an answer, the first until {due}"
            return Check("disputes", "wrong", why, "`./pool disputes` and answer at Stripe.")
        return Check("disputes", "ok", "none waits for an answer")

    def _backup(self) -> Check:
        is_young, why = age.words(self.data)
        if is_young is None:
            return Check("backup", "skipped", why, "`./pool backup DIR`")
        return Check("backup", "ok" if is_young else "wrong", why, "`./pool backup DIR --series`")

    def _read(self, name: str, sql: str) -> str | Check:
        if self.found is None:
            return Check(name, "skipped", "the stack is not running", "`./pool up`")
        try:
            return run_sql(self.document["postgres"], sql, READ_SECONDS)
        except ServerRefused as exc:
            return Check(name, "wrong", f"Postgres does not say: {exc}", "`./pool logs postgres`")

    def _asked(self, name: str, path: str) -> Any:
        """Return what an operator's route says, or the check that says why it does not."""
        if self.found is None:
            return Check(name, "skipped", "the stack is not running", "`./pool up`")
        secret = self.document["admin_secret"]
        try:
            return loopback.call("GET", f"{self.document['site']}{path}", bearer=secret)
        except loopback.CallFailed as exc:
            return Check(
                name, "wrong", f"settlement does not say: {exc}", "`./pool logs settlement`"
            )

    def _invariants(self) -> Check:
        """Ask whether everything that must be true is: minutes on a large stack."""
        if self.found is None:
            return Check("invariants", "skipped", "the stack is not running", "`./pool up`")
        from deploy.chaos.inspection import inspect

        report = inspect(self.data, must_rest=False)
        if report.violations:
            first = "; ".join(str(each) for each in report.violations[:3])
            why = f"{len(report.violations)} places where they are broken: {first}"
            return Check("invariants", "wrong", why, "`./pool ledger check` names all of them.")
        left_out = f", {len(report.skipped)} left out" if report.skipped else ""
        return Check("invariants", "ok", f"{len(report.checked)} rules hold{left_out}")
