"""The audit log, searched and taken along."""

from urllib.parse import urlencode

import msgspec
from litestar.response.base import ASGIResponse

from services.chassis.storage.database import transaction
from services.site.admin.audit import (
    ENTRY_MAX,
    EXPORT_MAX,
    PAGE_SIZE,
    Done,
    as_csv,
    read_before,
    read_search,
)
from services.site.admin.queries import audit as queries
from services.site.desks.dashboard import Visit, Work


async def show(visit: Visit) -> ASGIResponse:
    """Show a page of what was done, newest first."""
    search = read_search(visit.asked)
    before = read_before(visit.asked.get("before", ""))
    zone = visit.dash.frame().platform.timezone
    async with transaction(visit.dash.pool) as conn:
        found = await queries.list_entries(conn, search, zone, before=before, limit=PAGE_SIZE + 1)
        actions = await queries.list_actions(conn)
    chosen = {name: text for name, text in msgspec.structs.asdict(search).items() if text}
    more = found[PAGE_SIZE - 1].entry_id if len(found) > PAGE_SIZE else None
    return visit.page(
        "audit",
        entries=found[:PAGE_SIZE],
        actions=actions,
        search=search,
        titles=visit.dash.titles(),
        is_searched=bool(chosen),
        query=urlencode(chosen),
        older=urlencode({**chosen, "before": more}) if more else "",
    )


async def download(visit: Visit) -> ASGIResponse:
    """Return what was searched for as a file; that is written down as well."""
    search = read_search(visit.asked)
    zone = visit.dash.frame().platform.timezone
    details = {name: text for name, text in msgspec.structs.asdict(search).items() if text}
    done = Done(
        actor=visit.user.email, role=visit.user.role, action="audit_exported", details=details
    )
    async with transaction(visit.dash.pool) as conn:
        found = await queries.list_entries(conn, search, zone, before=ENTRY_MAX, limit=EXPORT_MAX)
        await queries.append(conn, done)
    return visit.file(
        as_csv(found),
        media_type="text/csv",
        headers={"content-disposition": 'attachment; filename="audit-log.csv"'},
    )


WORKS: dict[str, Work] = {"audit": show, "audit.csv": download}
