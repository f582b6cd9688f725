"""Who reaches whom, by the network policies of an overlay: as a cluster would decide it."""

from ipaddress import ip_address, ip_network

import msgspec

from deploy.kubernetes.render import Resource, of_kind
from deploy.kubernetes.rules import selects

NAMESPACE = "kubernetes.io/metadata.name"
HOME = "pool"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One end of a connection: pods of a namespace, or an address outside of the cluster."""

    labels: dict[str, str] = {}
    namespace: str = HOME
    address: str = ""


def pod(name: str, component: str = "", namespace: str = HOME) -> Place:
    """Return the pods of a name."""
    labels = {"app.kubernetes.io/name": name}
    if namespace == HOME:
        labels["app.kubernetes.io/part-of"] = "the-pool"
    if component:
        labels["app.kubernetes.io/component"] = component
    return Place(labels=labels, namespace=namespace)


def reaches(
    resources: list[Resource], source: Place, target: Place, port: int, protocol: str = "TCP"
) -> bool:
    """Tell whether `source` may connect to `target`: both ends have to allow it."""
    way = (port, protocol)
    leaves = source.address or _allows(resources, "egress", of=source, to=target, way=way)
    enters = target.address or _allows(resources, "ingress", of=target, to=source, way=way)
    return bool(leaves and enters)


def _allows(
    resources: list[Resource], direction: str, *, of: Place, to: Place, way: tuple[int, str]
) -> bool:
    """Whom no policy of this direction selects may do everything; else one has to allow it."""
    if of.namespace != HOME:
        return True
    kind, other = {"egress": ("Egress", "to"), "ingress": ("Ingress", "from")}[direction]
    policies = [
        each["spec"]
        for each in of_kind(resources, "NetworkPolicy")
        if kind in each["spec"]["policyTypes"] and selects(each["spec"]["podSelector"], of.labels)
    ]
    if not policies:
        return True
    return any(
        _has_port(rule, way) and (other not in rule or any(_is(peer, to) for peer in rule[other]))
        for policy in policies
        for rule in policy.get(direction, [])
    )


def _has_port(rule: Resource, way: tuple[int, str]) -> bool:
    ports = rule.get("ports")
    return ports is None or way in [(p["port"], p.get("protocol", "TCP")) for p in ports]


def _is(peer: Resource, place: Place) -> bool:
    if "ipBlock" in peer:
        return bool(place.address) and _is_inside(peer["ipBlock"], place.address)
    if place.address:
        return False
    namespaces = peer.get("namespaceSelector")
    if namespaces is None:
        is_there = place.namespace == HOME
    else:
        is_there = selects(namespaces, {NAMESPACE: place.namespace})
    return is_there and selects(peer.get("podSelector", {}), place.labels)


def _is_inside(block: Resource, address: str) -> bool:
    found = ip_address(address)
    if found not in ip_network(block["cidr"]):
        return False
    return not any(found in ip_network(each) for each in block.get("except", []))
