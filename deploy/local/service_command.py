"""Ask one service something, as a program of its own beside the running one."""

import subprocess

from deploy.local import plan
from deploy.local.environment import assemble, operators_settings
from deploy.local.layout import DataDir, read_json

MINUTES_MAX = 30


def ask(
    data: DataDir, service: str, command: str, *options: str
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m services.NAME COMMAND …` with the environment of the running stack."""
    env = assemble(data, operators_settings(data), read_json(data.file("ports.json")))
    return subprocess.run(
        plan.python("-m", f"services.{service}", command, *options),
        env=env.of_service(service, port=0),
        capture_output=True,
        text=True,
        timeout=MINUTES_MAX * 60,
        check=False,
    )
