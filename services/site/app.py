"""Site put together: memory, pages, gateway, publishing."""

import contextlib
from pathlib import Path
from typing import Any

from litestar.config.app import AppConfig
from litestar.plugins import InitPlugin

from services.chassis.database import BUSY
from services.chassis.limiter import Limiter
from services.chassis.service import Parts, Running, Service
from services.site import errors
from services.site.consumers import listeners
from services.site.gateway.addresses import Proxies
from services.site.gateway.admission import Admission
from services.site.gateway.front_door import FrontDoor, Hosts
from services.site.gateway.headers import Dress, Policy
from services.site.gateway.proxy import Gateway
from services.site.gateway.upstream import Upstream
from services.site.live.announcing import Announcer
from services.site.live.mirror import Mirror
from services.site.live.shelf import Shelf
from services.site.live.snapshots import Board
from services.site.live.world import NOT_YET_MIGRATED, World
from services.site.public.render import SiteFrame
from services.site.publishing.present import Media
from services.site.publishing.publisher import Publisher
from services.site.routes import feeds, files, live
from services.site.routes.lost import lost
from services.site.routes.pages import page_routes
from services.site.routes.publish import publish_route
from services.site.routes.site import Site
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
        app_config.middleware = [
            *app_config.middleware,
            lambda app: FrontDoor(app, hosts=hosts),
        ]
        app_config.before_send = [*app_config.before_send, Dress(self._policy)]
        app_config.exception_handlers = errors.handlers(self._shelf, self._policy)
        return app_config


async def compose(settings: Settings, running: Running) -> Parts:
    """Return the parts of site, wired."""
    site_base = settings.site_base.rstrip("/")
    content = Path(settings.campaigns_dir)
    policy = Policy(site_base=site_base, stripe_js_url=settings.stripe_js_url)
    proxies = Proxies(settings.trusted_proxies)
    board = Board(
        readers_max=settings.live_readers_max,
        per_address_max=settings.live_readers_per_address_max,
    )
    world = World(running.pool, running.clock, board, media=Media(content / "media"))
    shelf = Shelf(
        world,
        lambda: SiteFrame(
            site_base=site_base, platform=world.platform, stripe_js_url=settings.stripe_js_url
        ),
    )
    mirror = Mirror(settings.redis_url.reveal(), board, running.clock)
    world.heard += [shelf.heard, mirror.heard]
    announcer = Announcer(running.pool, running.bus)
    publisher = Publisher(
        running.pool, announcer, folder=content, timezone=settings.platform_timezone
    )
    limiter = Limiter(settings.redis_url.reveal(), scale=settings.rate_limit_scale)
    admission = Admission(site_base=site_base, admin_secret=settings.admin_secret, limiter=limiter)
    upstream = Upstream(gateway_secret=settings.gateway_secret.reveal())
    gateway = Gateway(
        admission=admission, upstream=upstream, proxies=proxies, url_of=settings.upstream
    )
    site = Site(
        world=world,
        board=board,
        shelf=shelf,
        policy=policy,
        proxies=proxies,
        clock=running.clock,
        stopping=running.stopping,
        site_base=site_base,
    )

    await _begin(running, publisher, world, shelf)

    def degraded() -> list[str]:
        is_redis_away = mirror.is_degraded or limiter.is_degraded
        return [*(["redis"] if is_redis_away else []), *(["stale"] if world.is_stale else [])]

    routes: list[Any] = [
        *page_routes(),
        *gateway.routes(),
        *(live.snapshot, live.events),
        *(files.static, files.media_route(content / "media")),
        *(feeds.robots, feeds.sitemap, feeds.catalogue),
        publish_route(publisher, admission, announcer),
        lost,
    ]
    return Parts(
        routes=routes,
        listeners=listeners(announcer),
        loops=[announcer.run, publisher.publish_at_start],
        web_loops=[
            world.keep_fresh,
            world.watch_clock,
            lambda: world.listen(running.bus),
            shelf.run,
            mirror.run,
        ],
        dependencies={"site": site},
        degraded=degraded,
        closers=[upstream.close, mirror.close],
        plugins=[
            Front(
                hosts=Hosts(site_base=site_base, allowed=settings.allowed_hosts),
                policy=policy,
                shelf=shelf,
            )
        ],
    )


async def _begin(running: Running, publisher: Publisher, world: World, shelf: Shelf) -> None:
    """Publish and prepare every page before the first request, as far as possible now.

    What has to wait for the database is done by the loops.
    """
    if "worker" in running.roles:
        await publisher.try_at_start()
    if "web" in running.roles:
        with contextlib.suppress(*BUSY, *NOT_YET_MIGRATED):
            await running.clock.renew(running.pool)
            await world.load()
            await shelf.make_changed(at_once=True)


SERVICE = Service(
    "site",
    settings=Settings,
    compose=compose,
    package=Path(__file__).parent,
    is_gateway=True,
)
