"""The pages of the public API are the code's, and whole."""

import jsonschema

from contracts.routes import ROUTES
from tests.hostile import reference


def test_the_files_are_what_the_code_says_today() -> None:
    for path, made in ((reference.FILE, reference.text()), (reference.PAGE, reference.page())):
        assert path.read_text(encoding="utf-8") == made, "run `python -m tests.hostile.reference`"


def test_every_route_is_in_it_with_who_may_ask() -> None:
    paths = reference.document()["paths"]
    said = {
        (method.upper(), path): operation["x-access"]
        for path, item in paths.items()
        for method, operation in item.items()
    }

    assert said == {(route.method, route.path): route.access for route in ROUTES}
    closed = [o for item in paths.values() for o in item.values() if o["x-access"] == "admin"]
    assert closed
    assert all(each["security"] == [{"operator": []}] for each in closed)


def test_every_shape_is_a_schema() -> None:
    schemas = reference.document()["components"]["schemas"]

    assert len(schemas) > 20
    for each in schemas.values():
        jsonschema.Draft202012Validator.check_schema(each)
