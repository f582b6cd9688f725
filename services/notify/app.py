"""Composition root of notify: wiring only."""

from functools import partial
from pathlib import Path

from contracts.magic_link import keyring
from contracts.routes import KIB
from services.chassis.process.service import Parts, Running, Service
from services.chassis.web.challenge import Challenge
from services.chassis.web.guards import bearer_guard
from services.notify.consumers import listeners
from services.notify.domain.letters import Letters
from services.notify.domain.links import Links
from services.notify.ledger_gateway import LedgerGateway
from services.notify.resend_gateway import ResendGateway
from services.notify.routes.broadcasts import broadcast_routes
from services.notify.routes.mails import operator_routes, own_mails
from services.notify.routes.resend import webhook_route
from services.notify.routes.watched import watched_routes
from services.notify.routes.wishes import WISHES
from services.notify.schedules.forget_mails import forget
from services.notify.schedules.report import Reporter
from services.notify.schedules.send_mails import Sender
from services.notify.schedules.write_news import write_news
from services.notify.settings import Settings, server_at
from services.notify.smtp_gateway import SmtpGateway
from services.notify.steps.make_report import MakeReport
from services.notify.steps.pacing import Pace
from services.notify.steps.transport import Transport


async def compose(settings: Settings, running: Running) -> Parts:
    """Put the parts of notify together."""
    gateway, guard = _transport(settings), bearer_guard(settings.admin_secret)
    ledger = LedgerGateway(
        settings.pledges_url,
        gateway_secret=settings.gateway_secret.reveal(),
        admin_secret=settings.admin_secret.reveal(),
    )
    challenge = _challenge(settings)
    name = "smtp" if settings.smtp_url else "resend"
    letters = Letters(
        email_from=settings.email_from,
        links=Links(
            site_base=settings.site_base,
            magic_link_secret=settings.magic_link_secret.bytes(),
        ),
    )
    sender = Sender(
        running.pool,
        gateway=gateway,
        letters=letters,
        pace=Pace(settings.resend_requests_per_second),
    )
    return Parts(
        routes=[
            own_mails,
            *WISHES,
            webhook_route(settings.resend_webhook_secret),
            *operator_routes(settings.admin_secret),
            *broadcast_routes(settings.admin_secret, letters),
            *watched_routes(guard),
        ],
        operator_guard=guard,
        listeners=listeners(),
        loops=[
            sender.run,
            partial(write_news, running.pool),
            partial(forget, running.pool),
            Reporter(running.pool, MakeReport(running.pool, ledger)).run,
        ],
        dependencies={
            "challenge": challenge,
            "link_keys": keyring(
                settings.magic_link_secret.bytes(), settings.magic_link_secret_previous.bytes()
            ),
        },
        body_max=256 * KIB,
        closers=[gateway.close, ledger.close, challenge.close],
        degraded=lambda: [name] if gateway.is_away else [],
    )


def _challenge(settings: Settings) -> Challenge:
    """Return what stands before a reminder; without keys it is off."""
    return Challenge(
        site_key=settings.turnstile_site_key,
        secret=settings.turnstile_secret,
        base=settings.turnstile_base,
    )


def _transport(settings: Settings) -> Transport:
    """Return who sends: a mail server where one is named, else Resend."""
    if settings.smtp_url:
        return SmtpGateway(server_at(settings.smtp_url.reveal()))
    return ResendGateway(
        api_key=settings.resend_api_key.reveal(), api_base=settings.resend_api_base
    )


SERVICE = Service("notify", settings=Settings, compose=compose, package=Path(__file__).parent)
