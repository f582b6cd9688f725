"""Composition root of notify: wiring only."""

from functools import partial
from pathlib import Path

from contracts.magic_link import keyring
from services.chassis.process.service import Parts, Running, Service
from services.notify.consumers import listeners
from services.notify.domain.letters import Letters
from services.notify.domain.links import Links
from services.notify.resend_gateway import ResendGateway
from services.notify.routes.mails import operator_routes, own_mails
from services.notify.schedules.forget_mails import forget
from services.notify.schedules.send_mails import Sender
from services.notify.settings import Settings
from services.notify.steps.pacing import Pace


async def compose(settings: Settings, running: Running) -> Parts:
    """Put the parts of notify together."""
    gateway = ResendGateway(
        api_key=settings.resend_api_key.reveal(), api_base=settings.resend_api_base
    )
    sender = Sender(
        running.pool,
        gateway=gateway,
        letters=Letters(
            email_from=settings.email_from,
            links=Links(
                site_base=settings.site_base,
                magic_link_secret=settings.magic_link_secret.bytes(),
            ),
        ),
        pace=Pace(settings.resend_requests_per_second),
    )
    return Parts(
        routes=[own_mails, *operator_routes(settings.admin_secret)],
        listeners=listeners(),
        loops=[sender.run, partial(forget, running.pool)],
        dependencies={
            "link_keys": keyring(
                settings.magic_link_secret.bytes(), settings.magic_link_secret_previous.bytes()
            ),
        },
        closers=[gateway.close],
        degraded=lambda: ["resend"] if gateway.is_away else [],
    )


SERVICE = Service("notify", settings=Settings, compose=compose, package=Path(__file__).parent)
