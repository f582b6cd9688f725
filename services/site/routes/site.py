"""What the routes stand on, under one name."""

import asyncio

import msgspec
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from services.chassis.storage.clock import PlatformClock
from services.site.door.addresses import Proxies
from services.site.door.front_door import Hosts
from services.site.door.headers import Policy
from services.site.live.shelf import Shelf
from services.site.live.snapshots import Board
from services.site.live.world import World


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a view needs, in this process's memory."""

    world: World
    board: Board
    shelf: Shelf
    policy: Policy
    proxies: Proxies
    hosts: Hosts
    clock: PlatformClock
    stopping: asyncio.Event
    site_base: str


SiteNeeded = NamedDependency[SkipValidation[Site]]
