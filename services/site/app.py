"""Site put together: memory, pages, gateway, publishing."""

import contextlib
from functools import partial
from pathlib import Path

from litestar.config.app import AppConfig
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import InitPlugin

from services.chassis.process.service import Loop, Parts, Running, Service
from services.chassis.storage.database import DATABASE_BUSY
from services.chassis.web.limiter import Limiter
from services.site.asking.checkout import Checkout
from services.site.asking.community import Supporters
from services.site.asking.mails import Mails
from services.site.asking.pledges import Pledges
from services.site.asking.reminders import Reminders
from services.site.asking.watch import Own
from services.site.consumers import listeners
from services.site.desks.cart import Desk, shop_of
from services.site.desks.manage import ManageDesk
from services.site.door.addresses import Proxies
from services.site.door.admission import Admission
from services.site.door.front_door import FrontDoor, Hosts
from services.site.door.headers import Dress, Policy
from services.site.door.proxy import Gateway
from services.site.door.upstream import Upstream
from services.site.door.window import Window
from services.site.live.announcing import Announcer
from services.site.live.mirror import Mirror
from services.site.live.on_demand import OnDemand
from services.site.live.scaler import Scaler
from services.site.live.share_cards import ShareCards
from services.site.live.shelf import Shelf
from services.site.live.snapshots import Board
from services.site.live.workshop import workshop_loops
from services.site.live.world import NOT_YET_MIGRATED, World
from services.site.media.store import Store, folder_of
from services.site.mirror import content_loops
from services.site.public.frame import SiteFrame
from services.site.public.theme import theme_of
from services.site.publisher import Publisher
from services.site.publishing.scaling import Scaled
from services.site.publishing.shown_media import Media
from services.site.routes import errors, feeds, files, live
from services.site.routes.admin import admin_routes, dashboard_of
from services.site.routes.atom import feed_routes
from services.site.routes.cancel import cancel_route
from services.site.routes.cart import CartForms, cart_routes
from services.site.routes.community import Gathering, community_routes
from services.site.routes.embed import embed_routes
from services.site.routes.invite import invite_route
from services.site.routes.lost import lost
from services.site.routes.manage import PAY_PATH, Manage, manage_routes
from services.site.routes.old_addresses import old_routes
from services.site.routes.pages import page_routes
from services.site.routes.preview import preview_routes
from services.site.routes.publish import publish_route
from services.site.routes.reminder import Remembering, reminder_routes
from services.site.routes.results import Results, result_routes
from services.site.routes.share import share_routes
from services.site.routes.site import Site
from services.site.routes.theme import theme_route
from services.site.routes.wishes import LAUNCH, NEWS, wish_page
from services.site.schedules.forgetting import forgetting_loops
from services.site.settings import Settings


class Front(InitPlugin):
    """What surrounds every route, also those that do not exist."""

    def __init__(self, *, hosts: Hosts, policy: Policy, shelf: Shelf) -> None:
        self._hosts = hosts
        self._policy = policy
        self._shelf = shelf

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the first look, the last touch, and pages for errors."""
        hosts = self._hosts
        app_config.middleware = [*app_config.middleware, lambda app: FrontDoor(app, hosts=hosts)]
        app_config.before_send = [*app_config.before_send, Dress(self._policy)]
        app_config.exception_handlers = errors.handlers(self._shelf, self._policy)
        return app_config


class Memory:
    """What this process knows and shows, and what keeps it fresh."""

    def __init__(self, settings: Settings, running: Running) -> None:
        site_base = settings.site_base.rstrip("/")
        self.board = Board(
            readers_max=settings.live_readers_max,
            per_address_max=settings.live_readers_per_address_max,
        )
        content = Path(settings.campaigns_dir)
        self.store = Store(folder_of(settings.media_url, content))
        self.workshop = workshop_loops(running.pool, self.store)
        self.scaled = Scaled(content / "media", settings.pictures)
        media = Media(content / "media", self.store.folder)
        self.world = World(running.pool, running.clock, self.board, media=media)
        self.shelf = Shelf(
            self.world,
            lambda: SiteFrame(
                site_base=site_base,
                platform=self.world.platform,
                stripe_js_url=settings.stripe_js_url,
                challenge_key=settings.turnstile_site_key,
                theme=theme_of(tuple(sorted(self.world.branding.items()))),
            ),
        )
        self.mirror = Mirror(settings.redis_url.reveal(), self.board, running.clock)
        self.on_demand = OnDemand()
        self.world.heard += [self.shelf.heard, self.on_demand.heard, self.mirror.heard]

    def loops(self, running: Running) -> list[Loop]:
        """Return what every web process does beside answering."""

        async def listen() -> None:
            await self.world.listen(running.bus)

        return [
            self.world.keep_fresh,
            self.world.watch_clock,
            listen,
            self.shelf.run,
            self.mirror.run,
            Scaler(self.scaled).run,
        ]


async def compose(settings: Settings, running: Running) -> Parts:
    """Return the parts of site, wired."""
    site_base = settings.site_base.rstrip("/")
    content = Path(settings.campaigns_dir)
    memory = Memory(settings, running)
    policy = _policy(settings)
    proxies = Proxies(settings.trusted_proxies)
    announcer = Announcer(running.pool, running.bus)
    zone = settings.platform_timezone
    publisher = Publisher(running.pool, announcer, folder=content, timezone=zone)
    limiter = _limiter(settings)
    admission = Admission(site_base=site_base, admin_secret=settings.admin_secret, limiter=limiter)
    hosts = Hosts(site_base=site_base, allowed=settings.allowed_hosts)
    site = _site(memory, running, policy=policy, proxies=proxies, hosts=hosts, site_base=site_base)
    upstream = Upstream(gateway_secret=settings.gateway_secret.reveal())
    checkout = Checkout(upstream, places=settings.upstream("checkout"), site_base=site_base)
    managing = _managing(settings, site, upstream, checkout, admission)
    gateway = _gateway(settings, site, upstream, admission)
    wish = wish_page(site, upstream, settings.upstream("notify"), admission)
    gateway = gateway.with_pages({PAY_PATH: managing.pay_page, NEWS: wish, LAUNCH: wish})
    mirroring = content_loops(running.pool, publisher, settings)
    degraded, hears = partial(_degraded, memory, limiter), listeners(announcer)
    forgetting = forgetting_loops(running.pool, settings.audit_retention_days)
    own = Own(pool=running.pool, bus=running.bus, listeners=hears, degraded=degraded)
    door = (admission, limiter, upstream, announcer)
    dash = dashboard_of(site, settings, own, door, memory.store)
    results = Results(site=site, checkout=checkout, admission=admission)
    await _begin(running, publisher, memory)
    return Parts(
        routes=[
            *_from_memory(site, memory, content / "media"),
            *cart_routes(_forms(settings, site, checkout, admission)),
            *(*result_routes(results), *old_routes(results)),
            *community_routes(_gathering(settings, site, upstream, admission)),
            *reminder_routes(_remembering(settings, site, upstream, admission)),
            *(*gateway.routes(), *manage_routes(managing)),
            publish_route(publisher, admission, announcer),
            cancel_route(running.pool, admission, announcer),
            *(*admin_routes(dash), invite_route(dash, site_base)),
            *(*preview_routes(site, dash.texts), lost),
        ],
        listeners=hears,
        loops=[announcer.run, *forgetting, *memory.workshop, *mirroring],
        web_loops=memory.loops(running),
        dependencies={"site": site},
        degraded=degraded,
        closers=[upstream.close, memory.mirror.close],
        plugins=[Front(hosts=hosts, policy=policy, shelf=memory.shelf)],
        around=partial(Window, policy=policy, hosts=hosts),
    )


def _from_memory(site: Site, memory: Memory, media: Path) -> list[HTTPRouteHandler]:
    """Return what is answered without asking anybody."""
    return [
        *page_routes(site, memory.on_demand),
        *embed_routes(site, memory.on_demand),
        *feed_routes(site),
        *(feeds.robots, feeds.sitemap, feeds.sitemap_text, feeds.catalogue, feeds.add_ons),
        *(live.snapshot_route(site), live.events),
        *(files.static, theme_route(site)),
        files.media_route(media, memory.scaled, memory.store.folder),
        *share_routes(ShareCards(memory.world, media, memory.store.folder)),
    ]


def _gateway(settings: Settings, site: Site, upstream: Upstream, admission: Admission) -> Gateway:
    """Return what passes the public API on."""
    return Gateway(
        admission=admission,
        upstream=upstream,
        proxies=site.proxies,
        places_of=settings.upstream,
        stopping=site.stopping,
    )


def _gathering(
    settings: Settings, site: Site, upstream: Upstream, admission: Admission
) -> Gathering:
    """Return what the supporters' page stands on: the ledger, asked at every view."""
    ledger = Supporters(upstream, places=settings.upstream("pledges"), site_base=site.site_base)
    return Gathering(site=site, supporters=ledger, admission=admission)


def _remembering(
    settings: Settings, site: Site, upstream: Upstream, admission: Admission
) -> Remembering:
    """Return what the form for launch reminders stands on."""
    notify = Reminders(upstream, places=settings.upstream("notify"), site_base=site.site_base)
    return Remembering(site=site, reminders=notify, admission=admission)


def _managing(
    settings: Settings, site: Site, upstream: Upstream, checkout: Checkout, admission: Admission
) -> Manage:
    """Return what the manage page stands on: the ledger, checkout, and who wrote the mails."""
    base = site.site_base
    pledges = Pledges(upstream, places=settings.upstream("pledges"), site_base=base)
    mails = Mails(upstream, places=settings.upstream("notify"), site_base=base)
    desk = ManageDesk(pledges, checkout, mails, lambda: shop_of(site.world))
    return Manage(site=site, desk=desk, admission=admission)


def _forms(settings: Settings, site: Site, checkout: Checkout, admission: Admission) -> CartForms:
    """Return what the cart's forms stand on."""
    desk = Desk(checkout, lambda: shop_of(site.world), challenge_key=settings.turnstile_site_key)
    return CartForms(site=site, desk=desk, admission=admission)


def _limiter(settings: Settings) -> Limiter:
    url, scale = settings.redis_url.reveal(), settings.rate_limit_scale
    return Limiter(url, prefix="site:limits", scale=scale)


def _degraded(memory: Memory, limiter: Limiter) -> list[str]:
    """Return what is away or behind, though pages are served."""
    is_redis_away = memory.mirror.is_degraded or limiter.is_degraded
    return [*["redis"] * is_redis_away, *["stale"] * memory.world.is_stale]


def _policy(settings: Settings) -> Policy:
    return Policy(
        site_base=settings.site_base.rstrip("/"),
        stripe_js_url=settings.stripe_js_url,
        has_challenge=bool(settings.turnstile_site_key),
    )


def _site(
    memory: Memory,
    running: Running,
    *,
    policy: Policy,
    proxies: Proxies,
    hosts: Hosts,
    site_base: str,
) -> Site:
    return Site(
        world=memory.world,
        board=memory.board,
        shelf=memory.shelf,
        policy=policy,
        proxies=proxies,
        hosts=hosts,
        clock=running.clock,
        stopping=running.stopping,
        site_base=site_base,
    )


async def _begin(running: Running, publisher: Publisher, memory: Memory) -> None:
    """Publish and prepare every page before the first request, as far as possible; loops go on."""
    if "worker" in running.roles:
        await publisher.try_at_start()
    if "web" in running.roles:
        with contextlib.suppress(*DATABASE_BUSY, *NOT_YET_MIGRATED):
            await running.clock.renew(running.pool)
            await memory.world.load()
            await memory.shelf.make_changed(at_once=True)


HERE = Path(__file__).parent
SERVICE = Service("site", settings=Settings, compose=compose, package=HERE, is_gateway=True)
