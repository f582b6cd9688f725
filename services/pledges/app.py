"""The ledger put together."""

from functools import partial
from pathlib import Path

from contracts.magic_link import keyring
from services.chassis.process.service import Parts, Running, Service
from services.chassis.web.guards import bearer_guard
from services.pledges.consumers import listeners
from services.pledges.routes import pledges
from services.pledges.routes.community import community_routes
from services.pledges.routes.desk import desk_routes
from services.pledges.routes.reports import report_routes
from services.pledges.schedules.closing import Closer, forget_old
from services.pledges.settings import Settings
from services.pledges.steps.write_report import Reports


async def compose(settings: Settings, running: Running) -> Parts:
    """Return what the ledger answers, hears, and does by itself."""
    return Parts(
        routes=[
            pledges.show_pledge,
            pledges.list_pledges,
            pledges.cancel,
            pledges.modify,
            pledges.quote_change,
            pledges.ask_links,
            pledges.show_stats,
            *pledges.projection_routes(settings.admin_secret),
            *pledges.operator_routes(settings.admin_secret),
            *community_routes(settings.admin_secret),
            *desk_routes(bearer_guard(settings.admin_secret)),
            *report_routes(settings.admin_secret, Reports(running.pool)),
        ],
        operator_guard=bearer_guard(settings.admin_secret),
        listeners=listeners(),
        loops=[Closer(running.pool).run, partial(forget_old, running.pool)],
        dependencies={
            "bus": running.bus,
            "link_keys": keyring(
                settings.magic_link_secret.bytes(), settings.magic_link_secret_previous.bytes()
            ),
        },
    )


SERVICE = Service("pledges", settings=Settings, compose=compose, package=Path(__file__).parent)
