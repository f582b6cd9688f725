"""One stack from first to last: prepare, start in order, look after it, stop."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.local import campaigns_copy, forked, plan, ports, stack_file
from deploy.local.children import Spec
from deploy.local.env_file import SettingsRefused
from deploy.local.environment import Environment, assemble, operators_settings
from deploy.local.layout import DataDir, StackLock
from deploy.local.loopback import answers
from deploy.local.opening import LIMIT_SECONDS as OPENING_SECONDS
from deploy.local.opening import Opening
from deploy.local.ports import PortTaken
from deploy.local.sql import close_cluster, create_database
from deploy.local.supervisor import StartFailed, Stopped, Supervisor
from deploy.local.wheels import ServerRefused

ORPHANS_SECONDS = 35.0
PAGE_SECONDS = 30.0

Report = Callable[[dict[str, Any]], None]
"""Takes one event of a stack's life: `step`, `notice`, `ready` or `failed`."""


class Refused(Exception):
    """The stack cannot start as asked; the message says why. `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `./pool up` was asked for. Plain values: they travel to another process."""

    data: str
    port: int | None = None
    campaigns: str | None = None
    chargers: int = 1
    checkouts: int = 1
    is_fresh: bool = False
    with_services: bool = True
    nats_accounts: int = 0
    nats_nodes: int = 1
    settings: dict[str, str] = field(default_factory=dict)
    """Settings of this stack alone, before those of the operator."""
    through: dict[str, int] = field(default_factory=dict)
    """Ports by which services reach a server, for a test that stands in between."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(options: Options, report: Report) -> int:
    """Run a stack to its end; what it refuses is reported like any other failure."""
    try:
        return Stack(options, report).run()
    except (Refused, PortTaken, SettingsRefused) as exc:
        code = getattr(exc, "code", 1)
        report({"kind": "failed", "reason": str(exc), "tail": [], "code": code})
        return int(code)


class Stack:
    """Runs what `options` ask for and reports how far it is."""

    def __init__(self, options: Options, report: Report) -> None:
        self.options = options
        self.data = DataDir.at(options.data)
        self._report = report
        self._lock = StackLock(self.data)
        self._began = time.monotonic()

    def run(self) -> int:
        """Start, serve until asked to stop, and leave no process. Returns the exit code."""
        self._take_folder()
        self.supervisor = Supervisor(
            self.data.log,
            keep=(self._lock.descriptor,),
            notice=lambda text: self._report({"kind": "notice", "text": text}),
            changed=self._save,
        )
        self.supervisor.handle_signals()
        if self.options.with_services:
            forked.warm_up()
        try:
            self._prepare()
            self._start()
            seconds = round(time.monotonic() - self._began, 1)
            self._report({"kind": "ready", "seconds": seconds})
            self.supervisor.watch()
        except Stopped:
            return 1
        except (StartFailed, ServerRefused) as exc:
            tail = exc.tail if isinstance(exc, StartFailed) else []
            self._report({"kind": "failed", "reason": str(exc), "tail": tail})
            return 1
        finally:
            self.supervisor.stop()
            stack_file.remove(self.data)
            self._lock.release()
        return 0

    def _take_folder(self) -> None:
        self.data.create()
        deadline = time.monotonic() + ORPHANS_SECONDS
        while not self._lock.acquire():
            if stack_file.is_running(self.data):
                raise Refused(f"A stack already runs on {self.data.path}. `./pool down` stops it.")
            if time.monotonic() > deadline:
                raise Refused(
                    f"Processes of an earlier stack on {self.data.path} are still ending."
                    " `./pool down` ends them."
                )
            time.sleep(0.2)
        if self.options.is_fresh:
            self.data.wipe()
            self.data.create()

    def _prepare(self) -> None:
        began = time.monotonic()
        options = self.options
        given = {**operators_settings(self.data), **options.settings}
        names = plan.port_names(
            given,
            with_services=options.with_services,
            chargers=options.chargers,
            checkouts=options.checkouts,
            nats_nodes=options.nats_nodes,
        )
        chosen = ports.choose(self.data, names, options.port)
        self._held = ports.hold(chosen.values())
        had_copy = self.data.campaigns.exists()
        campaigns = self._content(given)
        given["CAMPAIGNS_DIR"] = str(campaigns)
        self.env = assemble(self.data, given, chosen, options.through)
        is_copy = campaigns == self.data.campaigns and not given.get("STRIPE_SECRET_KEY")
        self._is_new_copy = is_copy and not had_copy and options.with_services
        self.specs = plan.server_specs(self.data, self.env, options.nats_accounts)
        self._save()
        self._step("prepare", time.monotonic() - began)

    def _content(self, given: dict[str, str]) -> Path:
        """Return the folder to serve: the one named, else a copy of the samples."""
        named = self.options.campaigns or given.get("CAMPAIGNS_DIR")
        if named:
            return Path(named).resolve()
        if self.options.with_services:
            campaigns_copy.ensure(self.data.campaigns, zone=given.get("PLATFORM_TIMEZONE"))
        return self.data.campaigns

    def _start(self) -> None:
        env, up = self.env, self._came_up
        self.supervisor.start(self.specs, came_up=up)
        if "postgres" in env.ports:
            create_database(env.values["DATABASE_URL"])
            close_cluster(env.values["DATABASE_URL"])
        if not self.options.with_services:
            return
        began = time.monotonic()
        self.supervisor.run_jobs([*plan.migration_specs(env), plan.topology_spec(env)])
        self._step("migrations", time.monotonic() - began)
        specs = plan.service_specs(env, self.options.chargers, self.options.checkouts)
        if env.uses_sandbox:
            plan.grant_clock(env)
            specs.insert(0, plan.sandbox_spec(self.data, env))
        opening = Opening(self.data, env)
        if env.uses_sandbox and (opening.was_interrupted or self._is_new_copy):
            self.supervisor.start(specs[:1], came_up=up)
            del specs[0]
            opening.turn_back() if self._is_new_copy else opening.turn_to_today()
        self.supervisor.start(specs, came_up=up)
        began = time.monotonic()
        self._wait_for_first_page(env)
        self._step("first page", time.monotonic() - began)
        if self._is_new_copy:
            self._invite(opening)

    def _invite(self, opening: Opening) -> None:
        """Let the samples' first supporters come. Without them the stack is only emptier."""
        began = time.monotonic()
        try:
            self.supervisor.run_jobs([opening.job()], limit_seconds=OPENING_SECONDS)
        except StartFailed as exc:
            said = exc.tail[-1] if exc.tail else exc.reason
            self._report({"kind": "notice", "text": f"The samples stay empty: {said}"})
        opening.turn_to_today()
        self._step("first supporters", time.monotonic() - began)

    def _wait_for_first_page(self, env: Environment) -> None:
        deadline = time.monotonic() + PAGE_SECONDS
        while not answers(env.url_of("site") + "/"):
            self.supervisor.tick()
            if self.supervisor.is_stopping:
                raise Stopped
            if time.monotonic() > deadline:
                tail = self.supervisor.children["site"].log.tail
                raise StartFailed("the site is ready, but its first page is not", tail)

    def _came_up(self, spec: Spec, seconds: float) -> None:
        self._step(spec.name, seconds)
        self._save()

    def _step(self, name: str, seconds: float) -> None:
        self._report({"kind": "step", "name": name, "seconds": round(seconds, 2)})

    def _save(self) -> None:
        if hasattr(self, "env"):
            stack_file.write(self.data, self.env, self.supervisor.children.values())
