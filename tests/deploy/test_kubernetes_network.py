"""Every border between pods: who may cross it is listed here, and everybody else is tried."""

from itertools import product

import pytest

from deploy.kubernetes.network import Place, pod, reaches
from deploy.kubernetes.render import Resource
from tests.deploy.manifests import broken, named, rendered

PROCESSES = {
    **{
        (name, role): pod(name, role)
        for name in ("site", "checkout", "pledges", "settlement", "notify")
        for role in ("web", "worker")
    },
    ("settlement", "charger"): pod("settlement", "charger"),
    ("migrate", "job"): pod("migrate", "job"),
}
WEBS = {key: place for key, place in PROCESSES.items() if key[1] == "web"}
FIVE = {key for key in PROCESSES if key[0] != "migrate"}
SERVERS = {"postgres": 5432, "nats": 4222, "valkey": 6379}
PUBLIC = ("93.184.216.34", "2606:2800:220:1::1")
PRIVATE = ("10.0.0.1", "172.20.1.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "fd00::1")
VENDORS_ARE_ASKED_BY = {"checkout", "settlement", "notify"}


@pytest.fixture(params=["production", "demo"])
def overlay(request: pytest.FixtureRequest) -> list[Resource]:
    return rendered(str(request.param))


def test_servers_are_reached_by_those_who_use_them(overlay: list[Resource]) -> None:
    found = {
        (key, server)
        for (key, place), (server, port) in product(PROCESSES.items(), SERVERS.items())
        if reaches(overlay, place, pod(server), port)
    }

    wanted = {(key, server) for key in FIVE for server in SERVERS}
    assert found == wanted | {(("migrate", "job"), "postgres"), (("migrate", "job"), "nats")}


def test_services_are_reached_by_the_site_and_the_ledger_by_who_asks_it(
    overlay: list[Resource],
) -> None:
    found = {
        (key, target)
        for (key, place), (target, there) in product(PROCESSES.items(), WEBS.items())
        if reaches(overlay, place, there, 8000)
    }

    others = [(name, "web") for name in ("checkout", "pledges", "settlement", "notify")]
    assert found == {
        *((("site", "web"), other) for other in others),
        (("notify", "worker"), ("pledges", "web")),
    }


def test_the_world_is_reached_by_who_talks_to_vendors_alone(overlay: list[Resource]) -> None:
    for address in PUBLIC:
        place = Place(address=address)
        found = {key for key, each in PROCESSES.items() if reaches(overlay, each, place, 443)}
        assert found == {key for key in PROCESSES if key[0] in VENDORS_ARE_ASKED_BY}
        assert not [key for key, each in PROCESSES.items() if reaches(overlay, each, place, 80)]


def test_nobody_reaches_the_machines_and_their_network(overlay: list[Resource]) -> None:
    found = [
        (key, address, port)
        for (key, place), address, port in product(
            PROCESSES.items(), PRIVATE, (22, 80, 443, 6443, 10250)
        )
        if reaches(overlay, place, Place(address=address), port)
    ]

    assert found == []


def test_servers_reach_nobody_of_ours_nor_each_other(overlay: list[Resource]) -> None:
    ports = (8000, *SERVERS.values())
    found = [
        (server, place, port)
        for server, place, port in product(SERVERS, PROCESSES.values(), ports)
        if reaches(overlay, pod(server), place, port)
    ]
    crossed = [
        (one, other)
        for one, other in product(SERVERS, SERVERS)
        if one != other and reaches(overlay, pod(one), pod(other), SERVERS[other])
    ]

    assert found == []
    assert crossed == []


def test_a_stranger_in_the_cluster_reaches_nobody(overlay: list[Resource]) -> None:
    strangers = (pod("shop", "web", "shop"), Place(labels={"app": "x"}, namespace="default"))
    # The same labels, in another namespace.
    strangers += (pod("site", "web", "elsewhere"),)
    for stranger in strangers:
        for place in PROCESSES.values():
            assert not reaches(overlay, stranger, place, 8000)
        for server, port in SERVERS.items():
            assert not reaches(overlay, stranger, pod(server), port)
        assert not reaches(overlay, stranger, pod("nats"), 8222)


def test_names_can_be_looked_up_and_nothing_else_there(overlay: list[Resource]) -> None:
    names = Place(labels={"k8s-app": "kube-dns"}, namespace="kube-system")
    others = Place(labels={"k8s-app": "metrics-server"}, namespace="kube-system")
    # Postgres' own manager asks the cluster's API, wherever that is.
    for place in (*PROCESSES.values(), pod("nats"), pod("valkey")):
        assert reaches(overlay, place, names, 53, "UDP")
        assert reaches(overlay, place, names, 53)
        assert not reaches(overlay, place, names, 443)
        assert not reaches(overlay, place, others, 53)


def test_people_come_by_the_gateway_and_only_to_the_site() -> None:
    production = rendered("production")
    gateway = Place(labels={"app": "gateway"}, namespace="gateway-system")

    found = {key for key, place in PROCESSES.items() if reaches(production, gateway, place, 8000)}

    assert found == {("site", "web")}
    assert not any(reaches(production, gateway, pod(name), port) for name, port in SERVERS.items())


def test_who_looks_after_the_servers_gets_in_and_no_further() -> None:
    production = rendered("production")
    operator = pod("cloudnative-pg", namespace="cnpg-system")
    keda = pod("keda-operator", namespace="keda")
    prometheus = pod("prometheus", namespace="monitoring")

    assert reaches(production, operator, pod("postgres"), 8000)
    assert reaches(production, pod("postgres"), pod("postgres"), 5432)
    assert reaches(production, keda, pod("nats"), 8222)
    assert reaches(production, pod("nats"), pod("nats"), 6222)
    assert all(reaches(production, prometheus, place, 8000) for place in WEBS.values())
    for stranger in (operator, keda):
        assert not any(reaches(production, stranger, place, 8000) for place in WEBS.values())
    collector = pod("collector", namespace="monitoring")
    traced = {
        key for key, place in PROCESSES.items() if reaches(production, place, collector, 4318)
    }
    assert traced == FIVE
    assert not [key for key in PROCESSES if reaches(production, PROCESSES[key], collector, 443)]
    assert not reaches(production, keda, pod("nats"), 4222)
    assert not reaches(production, prometheus, pod("postgres"), 5432)
    assert not reaches(production, operator, pod("valkey"), 6379)


def test_the_sandbox_stands_where_vendors_would() -> None:
    demo = rendered("demo")
    sandbox = pod("sandbox")

    found = {key for key, place in PROCESSES.items() if reaches(demo, place, sandbox, 8000)}
    reached = {key for key, place in PROCESSES.items() if reaches(demo, sandbox, place, 8000)}

    assert {name for name, _ in found} == VENDORS_ARE_ASKED_BY
    assert reached == {("site", "web")}
    assert reaches(demo, sandbox, pod("postgres"), 5432)
    assert not reaches(demo, sandbox, pod("nats"), 4222)


def test_the_judge_is_no_yes_man_and_finds_a_hole() -> None:
    def without(name: str) -> list[Resource]:
        return broken("demo", lambda r: r.remove(named(r, "NetworkPolicy", name)))

    stranger, ledger = pod("shop", "web", "shop"), pod("pledges", "worker")
    world = Place(address=PUBLIC[0])

    assert reaches(without("nobody"), stranger, ledger, 8000)
    assert not reaches(without("names"), stranger, ledger, 8000)
    assert not reaches(without("services-to-vendors"), pod("checkout", "web"), world, 443)
    assert reaches(without("names"), pod("checkout", "web"), world, 443)
