"""Redis: each service's account tries other keys, and every command of an operator."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from deploy.local.layout import SERVICES
from deploy.local.permissions import REDIS_COMMANDS, SHARED_KEYS
from services.chassis.stripe.budget import StripeBudget
from services.chassis.web.limiter import Limiter
from tests.support.stack import Servers

of_every_service = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture
def operator(servers: Servers) -> Iterator[Any]:
    client = redis.Redis.from_url(servers.redis_url)
    client.acl_log_reset()
    yield client
    client.close()


@pytest.fixture
def account(servers: Servers, service: str) -> Iterator[Any]:
    client = redis.Redis.from_url(servers.environment.server_url("redis", service))
    yield client
    client.close()


@of_every_service
def test_it_reads_and_writes_under_its_own_prefix_only(
    account: Any, service: str, operator: Any
) -> None:
    assert account.set(f"{service}:mine", "1", ex=10)
    assert account.get(f"{service}:mine") == b"1"
    for other in (*(name for name in SERVICES if name != service), "LIMITS", service, ""):
        key = f"{other}:theirs" if other != service else f"{service}theirs"
        operator.set(key, "secret", ex=10)
        for attempt in (
            lambda key=key: account.get(key),
            lambda key=key: account.set(key, "changed"),
            lambda key=key: account.delete(key),
            lambda key=key: account.rename(key, f"{service}:stolen"),
            lambda key=key: account.rename(f"{service}:mine", key),
        ):
            with pytest.raises(NoPermissionError):
                attempt()
        assert operator.get(key) == b"secret"


@of_every_service
def test_a_script_sees_no_more_than_its_account(account: Any, service: str, operator: Any) -> None:
    operator.set("another:secret", "1", ex=10)
    script = account.script_load("return redis.call('get', KEYS[1])")

    account.set(f"{service}:own", "mine", ex=10)
    assert account.evalsha(script, 1, f"{service}:own") == b"mine"
    with pytest.raises(ResponseError):
        account.evalsha(script, 1, "another:secret")
    hidden = account.script_load("return redis.call('get', 'another:' .. 'secret')")
    with pytest.raises(ResponseError):
        account.evalsha(hidden, 0)
    with pytest.raises(NoPermissionError):
        account.eval("return 1", 0)


@of_every_service
def test_the_server_knows_it_by_its_prefix_and_its_commands(service: str, operator: Any) -> None:
    user = operator.acl_getuser(service)
    dangerous = set(operator.acl_cat("dangerous")) | set(operator.acl_cat("admin"))

    shared = [f"~{prefix}:*" for prefix in SHARED_KEYS.get(service, ())]
    assert user["keys"] == [f"~{service}:*", *shared]
    assert not user["channels"]
    assert not user["selectors"]
    assert set(user["commands"]) == {f"+{name}" for name in REDIS_COMMANDS}
    assert user["categories"] == ["-@all"]
    assert not dangerous & set(REDIS_COMMANDS)
    assert "nopass" not in user["flags"]


@of_every_service
def test_no_account_administers(account: Any, service: str) -> None:
    for command in (
        *("CONFIG GET *", "CONFIG SET save x", "ACL LIST", "ACL SETUSER x on", "ACL WHOAMI"),
        *("FLUSHALL", "FLUSHDB", "KEYS *", "SCAN 0", "SHUTDOWN", "SAVE"),
        *("REPLICAOF NO ONE", "MONITOR", "CLIENT LIST", "CLIENT KILL ID 1", "INFO", "SWAPDB 0 1"),
        *("SCRIPT FLUSH", "SCRIPT KILL", "FUNCTION LIST", "MODULE LIST", "DUMP x", "EVAL 1 0"),
        *("PUBLISH x y", "SUBSCRIBE x", "MIGRATE h 1 k 0 1", "SORT x", "LATENCY RESET"),
    ):
        with pytest.raises(NoPermissionError):
            account.execute_command(*command.split())


def test_a_stranger_is_not_let_in(servers: Servers) -> None:
    host = servers.redis_url.rpartition("@")[2]
    for login in ("", "site:wrong@", ":wrong@", "nobody:x@"):
        client = redis.Redis.from_url(f"redis://{login}{host}")
        with pytest.raises(AuthenticationError):
            client.ping()
        client.close()


async def test_the_limiter_works_with_the_account_of_site(servers: Servers, operator: Any) -> None:
    limiter = Limiter(servers.environment.server_url("redis", "site"), prefix="site:limits")
    allowed = [await limiter.spend("somebody", 3) for _ in range(5)]
    spent = await limiter.is_spent("somebody", 3)
    await limiter.close()

    assert allowed == [True, True, True, False, False]
    assert spent
    # It falls back on its own memory when Redis refuses: nothing was refused, it was asked.
    assert operator.acl_log() == []
    assert any(key.startswith(b"site:limits") for key in operator.keys("*"))
    # What its scripts do only after a minute.
    for call in ("rename site:a site:b", "exists site:a", "incrby site:a 1"):
        assert operator.execute_command("ACL", "DRYRUN", "site", *call.split()) == b"OK"


@pytest.mark.parametrize("service", ["checkout", "settlement"])
async def test_the_budget_at_stripe_works_with_the_account_of(
    servers: Servers, operator: Any, service: str
) -> None:
    budget = StripeBudget(servers.environment.server_url("redis", service), per_second=100)
    await budget.turn("sessions.create", "people", within_seconds=5)
    await budget.slow_down()
    await budget.close()

    # It goes by its own share when Redis refuses: nothing was refused.
    assert operator.acl_log() == []
    assert operator.exists("stripe:account", "stripe:starts:sessions.create", "stripe:slow") == 3
    operator.delete("stripe:slow")


def test_nobody_else_sees_the_budget(servers: Servers) -> None:
    for service in set(SERVICES) - set(SHARED_KEYS):
        client = redis.Redis.from_url(servers.environment.server_url("redis", service))
        with pytest.raises(NoPermissionError):
            client.get("stripe:account")
        client.close()
