"""What a stack consists of: every process as data, in the order it starts."""

import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from deploy.local import servers
from deploy.local.children import Spec
from deploy.local.environment import Environment, machine
from deploy.local.layout import SERVICES, DataDir
from deploy.local.loopback import answers
from deploy.local.sql import run_sql
from deploy.sandbox import clock_grant

BUS_SETTINGS = ("NATS_URL", "NATS_REPLICAS")
STAGE_SANDBOX = 2
STAGE_SERVICES = 3
SERVER_OF = {"postgres": "DATABASE_URL", "nats": "NATS_URL", "redis": "REDIS_URL"}


def port_names(
    given: dict[str, str],
    *,
    with_services: bool,
    chargers: int,
    checkouts: int = 1,
    nats_nodes: int = 1,
) -> list[str]:
    """Return who needs a port: our own servers, the sandbox, each process of a service."""
    names = [server for server, setting in SERVER_OF.items() if not given.get(setting)]
    if "nats" in names:
        nodes = nats_names(nats_nodes)
        names += [*nodes[1:], *(f"{node}-monitor" for node in nodes)]
        names += [f"{node}-route" for node in nodes if nats_nodes > 1]
    if with_services:
        names += ["sandbox", *SERVICES, *charger_names(chargers), *checkout_names(checkouts)]
    return names


def nats_names(nodes: int) -> list[str]:
    """Return the processes of the bus; one is not numbered."""
    return ["nats", *(f"nats-{number}" for number in range(2, nodes + 1))]


def charger_names(chargers: int) -> list[str]:
    """Return the extra processes; the service itself holds the first charger."""
    return [f"settlement-charger-{number}" for number in range(2, chargers + 1)]


def checkout_names(checkouts: int) -> list[str]:
    """Return the further processes of checkout; the gateway asks them in turn."""
    return [f"checkout-{number}" for number in range(2, checkouts + 1)]


def server_specs(data: DataDir, env: Environment, accounts: int = 0) -> list[Spec]:
    """Prepare the embedded servers, those whose URL nobody set, and return them."""
    known, ports = env.values, env.ports
    found: list[Spec] = []
    if "postgres" in ports:
        found.append(servers.postgres(data, ports["postgres"], known["OWNER_PASSWORD"]))
    for node in _nodes(ports):
        name = f"pool-{known['STACK_ID'][:12]}"
        found.append(
            servers.nats(
                data,
                ports[node.name],
                ports[f"{node.name}-monitor"],
                env.passwords_of("nats"),
                server_name=name if node.number == 1 else f"{name}-{node.number}",
                accounts=accounts,
                node=node,
            )
        )
    if "redis" in ports:
        found.append(servers.valkey(data, ports["redis"], env.passwords_of("redis")))
    return found


def _nodes(ports: Mapping[str, int]) -> list[servers.Node]:
    """Return the nodes of our own bus: none, one alone, or a cluster of several."""
    if "nats" not in ports:
        return []
    routes = {name: port for name, port in ports.items() if name.endswith("-route")}
    if not routes:
        return [servers.ALONE]
    return [
        servers.Node(number, routes[f"{name}-route"], tuple(routes.values()))
        for number, name in enumerate(nats_names(len(routes)), start=1)
    ]


def migration_specs(env: Environment) -> list[Spec]:
    """Return one job for each service; they take turns at a lock of their own."""
    return [
        Spec(
            name=f"migrate-{service}",
            argv=python("-m", f"services.{service}", "migrate"),
            module=(f"services.{service}", "migrate"),
            environ=env.of_migration(service),
            service=service,
        )
        for service in SERVICES
    ]


def topology_spec(env: Environment) -> Spec:
    """Return the job that declares every stream: the one process with the operator's account."""
    return Spec(
        name="topology",
        argv=python("-m", "services.chassis.topology"),
        module=("services.chassis.topology",),
        environ={
            **machine(),
            **{name: env.values[name] for name in BUS_SETTINGS if env.values.get(name)},
        },
    )


def sandbox_spec(data: DataDir, env: Environment) -> Spec:
    url = env.url_of("sandbox")
    return Spec(
        name="sandbox",
        argv=python("-m", "deploy.sandbox"),
        module=("deploy.sandbox",),
        environ=env.of_sandbox(data),
        stage=STAGE_SANDBOX,
        url=url,
        is_ready=lambda: answers(f"{url}/sandbox/clock"),
        stop_seconds=10,
    )


def service_specs(env: Environment, chargers: int, checkouts: int = 1) -> list[Spec]:
    """Return the five services, and the extra processes of two of them."""
    found = [_service(env, service, service, "all") for service in SERVICES]
    found += [_service(env, name, "settlement", "charger") for name in charger_names(chargers)]
    found += [_service(env, name, "checkout", "all") for name in checkout_names(checkouts)]
    return found


def grant_clock(env: Environment) -> None:
    """Let the sandbox, and nobody else, move the platform's clock."""
    owner = env.values["DATABASE_URL"]
    database = urlsplit(owner).path.lstrip("/")
    run_sql(owner, clock_grant.statements(env.values["POOL_SANDBOX_PASSWORD"], database))


def python(*arguments: str) -> tuple[str, ...]:
    """Return a command for this very interpreter; -P keeps foreign folders off its path."""
    return (sys.executable, "-P", *arguments)


def _service(env: Environment, name: str, service: str, role: str) -> Spec:
    url = env.url_of(name)
    return Spec(
        name=name,
        argv=python("-m", f"services.{service}", role),
        module=(f"services.{service}", role),
        environ=env.of_service(service, port=env.ports[name]),
        service=service,
        stage=STAGE_SERVICES,
        url=url,
        is_ready=lambda: answers(f"{url}/readyz"),
    )
