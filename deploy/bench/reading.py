"""Starting a process of readers."""

import asyncio
import json
import sys
from typing import Any

from deploy.local.ports import HOST


async def readers(
    port: int,
    path: str,
    *,
    count: int,
    at_once: int,
    per_second: float = 0,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Let a process of readers read; return what it says."""
    arguments = (HOST, port, path, count, at_once, per_second, json.dumps(headers or {}))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.bench.reads", *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said
    found: dict[str, Any] = json.loads(said)
    return found
