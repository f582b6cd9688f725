"""./pool, as an operator types it at a stack that is played with."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any


class CommandFailed(Exception):
    """A command said no document; the message is what it complained of."""


async def answer(*arguments: str, data: Path) -> tuple[int, dict[str, Any]]:
    """Run a command; return its exit code and the JSON document it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "deploy.local", *arguments, "--json", "--data", str(data)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    if not said:
        raise CommandFailed(f"./pool {' '.join(arguments)}: {complained.decode().strip()}")
    document: dict[str, Any] = json.loads(said)
    assert process.returncode is not None
    return process.returncode, document
