"""What an endpoint accepts, read from the installed `stripe` package's own parameter types.

The package is generated from Stripe's specification at the API version it pins, so a name that
is not there would be refused by Stripe too.
"""

import sys
import types
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

import typing_extensions
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

_OPTIONS = frozenset(RequestOptions.__annotations__)


@dataclass(frozen=True)
class Leaf:
    kind: str  # One of str, int, bool, float.
    choices: tuple[str, ...] = ()
    can_be_emptied: bool = False


@dataclass(frozen=True)
class ListOf:
    item: "Node"
    can_be_emptied: bool = False


@dataclass(frozen=True)
class Mapping:
    """Free keys with text values: metadata."""

    can_be_emptied: bool = False


@dataclass(frozen=True)
class Fields:
    """An object with known names. `scalar` is set where a plain value will do as well."""

    shape: type
    can_be_emptied: bool = False
    scalar: Leaf | None = None

    @property
    def nodes(self) -> dict[str, "Node"]:
        return _nodes(self.shape)

    @property
    def required(self) -> frozenset[str]:
        return frozenset(getattr(self.shape, "__required_keys__", ())) - _OPTIONS


Node = Leaf | ListOf | Mapping | Fields


@cache
def of(params: type) -> Fields:
    """Return the schema of one parameter class, such as `CustomerCreateParams`."""
    return Fields(params)


@cache
def _nodes(shape: type) -> dict[str, Node]:
    namespace = vars(sys.modules[shape.__module__])
    return {
        name: _node(annotation, namespace)
        for name, annotation in shape.__annotations__.items()
        if name not in _OPTIONS
    }


def _node(annotation: Any, namespace: dict[str, Any]) -> Node:
    parts = list(_parts(annotation, namespace))
    choices = tuple(str(choice) for part in parts for choice in _literals(part))
    empties = "" in choices
    choices = tuple(choice for choice in choices if choice)
    shapes = [part for part in parts if typing_extensions.is_typeddict(part)]
    lists = [part for part in parts if get_origin(part) is list]
    scalars = [part for part in parts if part in (str, int, bool, float, Decimal)]
    if shapes:
        scalar = Leaf(_kind(scalars), choices, empties) if scalars or choices else None
        return Fields(shapes[0], empties, scalar)
    if lists:
        return ListOf(_node(get_args(lists[0])[0], namespace), empties)
    if any(get_origin(part) in (dict, UntypedStripeObject) for part in parts):
        return Mapping(empties)
    return Leaf(_kind(scalars), choices, empties)


def _parts(annotation: Any, namespace: dict[str, Any]) -> Any:
    """Yield the alternatives of an annotation, with markers and forward references undone."""
    if isinstance(annotation, str | ForwardRef):
        text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        # The text comes from the installed package, never from a request.
        annotation = eval(text, dict(namespace))  # noqa: S307
    origin = get_origin(annotation)
    if origin in (typing_extensions.NotRequired, typing_extensions.Required):
        yield from _parts(get_args(annotation)[0], namespace)
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _parts(part, namespace)
    else:
        yield annotation


def _literals(part: Any) -> tuple[Any, ...]:
    return get_args(part) if get_origin(part) is Literal else ()


def _kind(scalars: list[Any]) -> str:
    if int in scalars:
        return "int"
    if bool in scalars:
        return "bool"
    return "float" if float in scalars or Decimal in scalars else "str"
