"""The ledger, over HTTP: the one question notify asks another service."""

import aiohttp

from services.notify.domain.facts import ReportType
from services.notify.domain.reporting import ATTACHED_BYTES_MAX

PATH = "/admin/reports/campaign-runner.csv"
BUDGET_SECONDS = 90.0
CONNECT_SECONDS = 3.0


class LedgerAway(Exception):
    """The ledger did not give a whole report this time."""


class TooLarge(Exception):
    """No mail takes so large a file."""


class LedgerGateway:
    """Asks the ledger for reports, each process in turn."""

    def __init__(self, urls: str, *, gateway_secret: str, admin_secret: str) -> None:
        self._bases = [each.strip().rstrip("/") for each in urls.split(",") if each.strip()]
        self._headers = {
            "X-Pool-Gateway": gateway_secret,
            "Authorization": f"Bearer {admin_secret}",
        }
        self._session: aiohttp.ClientSession | None = None

    async def report(self, campaign: str, report_type: ReportType, *, attempt: int = 1) -> bytes:
        """Return a whole report as CSV. Raises `LedgerAway` or `TooLarge`."""
        base = self._bases[(attempt - 1) % len(self._bases)]
        try:
            async with self._open().get(
                base + PATH,
                params={"campaignSlug": campaign, "reportType": report_type},
                headers=self._headers,
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise LedgerAway(f"answered {answer.status}")
                file = bytearray()
                async for part in answer.content.iter_any():
                    file += part
                    if len(file) > ATTACHED_BYTES_MAX:
                        raise TooLarge(f"over {ATTACHED_BYTES_MAX} bytes")
        except (aiohttp.ClientError, OSError, TimeoutError) as exc:
            raise LedgerAway(type(exc).__name__) from exc
        return bytes(file)

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        # It belongs to the running loop, so it is made at first use.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=BUDGET_SECONDS, connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
