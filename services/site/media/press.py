"""Has pictures made anew by `shrink`, one at a time, and ends it when it takes too long."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

import services
from contracts.refusals import InputRefused
from services.site.media.kinds import MASTER_SIDE_MAX, PIXELS_MAX, SIDE_MAX, Kind
from services.site.media.room import full

SECONDS_MAX = 20.0
PROGRAM = "services.site.media.shrink"
NO_ROOM = "no_room"
REASONS = {
    "too_many_pixels": "The picture has more than 40 megapixels (WebP: 12). Make it smaller.",
    "too_long": "The picture has a side of more than 12,000 pixels. Make it smaller.",
    "too_heavy": "The picture takes too long to read. Save it anew, as a JPEG for instance.",
    "broken": "The file is damaged, or not what its first bytes say.",
}


class Made(msgspec.Struct, frozen=True):
    """A picture that was made; in pixels."""

    width: int
    height: int


class Press:
    """Starts the program that decodes. One picture at a time: its memory is counted once."""

    def __init__(self, *, seconds_max: float = SECONDS_MAX) -> None:
        self._turn = asyncio.Semaphore(1)
        self._seconds_max = seconds_max

    async def remake(self, kind: Kind, source: Path, target: Path) -> Made:
        """Keep an upload at `target`, made anew.

        Raises `InputRefused` with the reason, `StorageFull` when there is no room for it.
        """
        order = {
            "source": str(source),
            "target": str(target),
            "format": kind.name,
            "pixels_max": kind.pixels_max,
            "side_max": SIDE_MAX,
            "master_side": MASTER_SIDE_MAX,
        }
        answer = await self._ask(order)
        if answer.get("refused") == NO_ROOM:
            raise full()
        if "refused" in answer:
            text = REASONS.get(answer["refused"], REASONS["broken"])
            raise InputRefused("picture_refused", text, fields={"file": text})
        return Made(int(answer["width"]), int(answer["height"]))

    async def scale(self, source: Path, targets: Mapping[int, Path]) -> str:
        """Write one of our pictures in each width; return why it failed, empty when it did not.

        Raises `StorageFull`: it can be made when there is room again.
        """
        order = {
            "source": str(source),
            "targets": {str(width): str(target) for width, target in targets.items()},
            "pixels_max": PIXELS_MAX,
        }
        reason = str((await self._ask(order)).get("refused", ""))
        if reason == NO_ROOM:
            raise full()
        return reason

    async def _ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", PROGRAM),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                # Nothing of ours: what decodes a stranger's file knows no secret.
                env={
                    "PATH": os.environ.get("PATH", ""),
                    "PYTHONPATH": str(Path(services.__file__).parents[1]),
                },
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(self._seconds_max):
                    said, _ = await process.communicate(msgspec.json.encode(order))
            except TimeoutError:
                return {"refused": "too_heavy"}
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        return _answer(said)


def _answer(said: bytes) -> dict[str, Any]:
    """Return what the program said; ended by a limit it says nothing."""
    try:
        return msgspec.json.decode(said, type=dict[str, Any])
    except msgspec.DecodeError:
        return {"refused": "too_heavy"}
