"""The tax table as rows of a form, and back as the file nests it. Pure.

US: {rate: 0, states: {NM: 0.07875}}      US  –  0
ES: 0.21                              →   US  NM 0.07875
                                          ES  –  0.21
"""

from collections.abc import Iterator

from services.site.publishing.model import Mistake
from services.site.publishing.plain import Fields, Plain
from services.site.publishing.platform_text import FILE
from services.site.publishing.price_fields import COUNTRIES, known_region

WHOLE, TABLE = "pricing", "tax_table"
ROOT = f"{WHOLE}.{TABLE}"


def unfolded(fields: Fields) -> Fields:
    """Return the fields of the form of what the file says."""
    table = _record(_record(fields.get(WHOLE)).get(TABLE))
    rate, taxes = _rate(table.get("default", ""))
    form: Fields = {"default": rate, "version": table.get("version", "")}
    if taxes:
        form["default_taxes_shipping"] = taxes
    countries = _record(table.get("countries"))
    form["rows"] = [row for code, value in countries.items() for row in _rows(code, value)]
    return {name: value for name, value in form.items() if value not in ("", [])}


def folded(fields: Fields, form: Fields) -> tuple[Fields, list[Mistake]]:
    """Return the file's fields with the form's table, and what can't be written down in it."""
    rows = form.get("rows")
    listed = [_record(row) for row in rows] if isinstance(rows, list) else []
    mistakes = list(_unwritable(listed))
    if mistakes or unfolded(fields) == form:
        return fields, mistakes
    table = dict(_record(_record(fields.get(WHOLE)).get(TABLE)))
    said = {
        "version": form.get("version", ""),
        "default": _written(form.get("default", ""), form.get("default_taxes_shipping", "")),
        "countries": _nested(listed),
    }
    for name, value in said.items():
        table.pop(name, None)
        if value not in ("", {}):
            table[name] = value
    pricing = {name: value for name, value in _record(fields.get(WHOLE)).items() if name != TABLE}
    if table:
        pricing[TABLE] = table
    rest = {name: value for name, value in fields.items() if name != WHOLE or pricing}
    return ({**rest, WHOLE: pricing} if pricing else rest), []


def place(path: str, form: Fields) -> str:
    """Return where on the form something of the file stands; empty when it is not on it.

    >>> place("pricing.tax_table.default", {}), place("pricing.max_tip_percent", {})
    ('default', '')
    """
    if path == ROOT:
        return "default"
    names = path.removeprefix(f"{ROOT}.").split(".")
    if not path.startswith(f"{ROOT}.") or names[0] != "countries":
        is_table = path.startswith(f"{ROOT}.")
        return ("default_taxes_shipping" if names[-1] == "taxes_shipping" else names[0]) * is_table
    country = names[1] if len(names) > 1 else ""
    state = names[3] if len(names) > 3 and names[2] == "states" else ""
    rows = form.get("rows")
    for at, row in enumerate(rows if isinstance(rows, list) else []):
        found = _record(row)
        if found.get("country") == country and found.get("state", "") == state:
            name = "taxes_shipping" if names[-1] == "taxes_shipping" else "rate"
            return f"rows[{at}].{name}"
    return "rows"


def _rows(country: str, value: Plain) -> Iterator[Fields]:
    record = _record(value)
    if not record or "rate" in record:
        yield _row(country, "", value)
    for state, of_state in _record(record.get("states")).items():
        yield _row(country, state, of_state)


def _row(country: str, state: str, value: Plain) -> Fields:
    rate, taxes = _rate(value)
    row: Fields = {"country": country, "state": state, "rate": rate, "taxes_shipping": taxes}
    return {name: each for name, each in row.items() if each}


def _rate(value: Plain) -> tuple[Plain, Plain]:
    record = _record(value)
    return (record.get("rate", ""), record.get("taxes_shipping", "")) if record else (value, "")


def _unwritable(rows: list[Fields]) -> Iterator[Mistake]:
    seen: set[tuple[str, str]] = set()
    for at, row in enumerate(rows):
        country, state = str(row.get("country", "")), str(row.get("state", ""))
        name, message = "country", ""
        if not country:
            message = "is missing"
        elif country not in COUNTRIES:
            message = f"“{country[:20]}” is not a country's two letters"
        elif state and not known_region(country, state):
            name, message = "state", f"is not a state of {country}"
        elif (country, state) in seen:
            message = f"uses “{f'{country} {state}'.strip()}” twice"
        seen.add((country, state))
        if message:
            yield Mistake(file=FILE, line=1, field=f"rows[{at}].{name}", message=message)


def _nested(rows: list[Fields]) -> Fields:
    countries: dict[str, Fields] = {}
    for row in rows:
        country, state = str(row.get("country", "")), str(row.get("state", ""))
        rate, taxes = row.get("rate", ""), row.get("taxes_shipping", "")
        of_country = countries.setdefault(country, {})
        if state:
            states = of_country.setdefault("states", {})
            assert isinstance(states, dict)
            states[state] = _written(rate, taxes)
        else:
            of_country["rate"] = rate
            if taxes == "true":
                of_country["taxes_shipping"] = taxes
    return {
        country: value["rate"] if set(value) == {"rate"} else value
        for country, value in countries.items()
    }


def _written(rate: Plain, taxes: Plain) -> Plain:
    return {"rate": rate, "taxes_shipping": taxes} if taxes == "true" else rate


def _record(value: Plain | None) -> Fields:
    return value if isinstance(value, dict) else {}
