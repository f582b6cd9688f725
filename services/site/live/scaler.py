"""Scaling the pictures of the media folder, one after the other, while pages are served."""

import asyncio
from pathlib import Path

from PIL import Image

from services.chassis.process import telemetry
from services.site.publishing.pictures import stamp
from services.site.publishing.scaling import Scaled

log = telemetry.logger(__name__)

LOOK_SECONDS = 5.0
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises for a file that is no picture, is broken, or is far too large."""


class Scaler:
    """Keeps the folder of scaled pictures complete. A picture that fails is tried once."""

    def __init__(self, scaled: Scaled) -> None:
        self._scaled = scaled
        self._tried: set[str] = set()

    async def run(self) -> None:
        """Scale what is missing, for ever."""
        while True:
            await self.make_missing()
            await asyncio.sleep(LOOK_SECONDS)

    async def make_missing(self) -> None:
        """Scale every picture that is not there in every size yet."""
        for file in await asyncio.to_thread(self._scaled.missing):
            name = f"{file}:{await asyncio.to_thread(stamp, file)}"
            if name in self._tried:
                continue
            self._tried.add(name)
            await self._make(file)

    async def _make(self, file: Path) -> None:
        try:
            await asyncio.to_thread(self._scaled.make, file)
        except UNREADABLE as exc:
            log.warning("picture_not_scaled", file=file.name, error=type(exc).__name__)
