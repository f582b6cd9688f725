"""SQL stands in its room, in capitals, with its columns by name, and no list is endless."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.tidy.source import (
    Source,
    assert_notices,
    assert_tidy,
    findings,
    functions,
    production,
)

STATEMENT = re.compile(
    r"\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|ROLE|SCHEMA|FUNCTION)\s|LOCK\s+TABLE\s|TRUNCATE\s)"
)
SMALL = re.compile(
    r"\s*(select\s.*\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s"
    r"|with\s+\w+\s+as\s+\(|(create|alter|drop)\s+(table|index|role|schema|function)\s)",
    re.DOTALL,
)
SMALL_KEYWORD = re.compile(
    r"\b(select|from|where|insert into|update|delete from|values|returning|group by|order by"
    r"|having|join|left|limit|union|and|or|not|in|is|null|as|on|case|when|then|else|end)\b"
)
# What a text says is no keyword, nor is a name in quotation marks.
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*")
STAR = re.compile(r"\b(?:SELECT(?: DISTINCT)?|RETURNING)\s+(?:\w+\.)?\*|,\s*(\w+)\.\*")
# The columns of these are named in the same statement.
NAMED_HERE = re.compile(r"\*\s+FROM\s+(?:unnest|jsonb_to_recordset)\(")
ASKED_FOR = re.compile(r"\bLIMIT\b|= ANY\(\$|\bunnest\(\s*\$|\b(?:jsonb?_\w+)\((?:NULL::\w+, )?\$")
A_LIST = re.compile(r"\b(list|set|dict|tuple|Sequence|Mapping|Iterator|AsyncIterator)\[")
# Lists whose length is bounded by something else than what the statement says.
BOUNDED = {
    "chassis:pending": "as many as there are files of migrations",
    "chassis:_found": "a row per type of event",
    "chassis:find_all": "the operator asks for all that is parked",
    "checkout:list_ends": "three ways in which a use of a card ends",
    "checkout:refresh_card": "pledges that one supporter's card is for",
    "checkout:list_counted": "the drain's hash is over all orders of a campaign",
    "checkout:list_levels": "as many as a definition has limited things",
    "checkout:count_by_status": "a row per status",
    "pledges:list_choices": "as many as a campaign has decisions",
    "pledges:list_credited": "the creator's file has every name",
    "pledges:list_moved": "what moved of one charge",
    "pledges:list_linked": "campaigns of one checkout",
    "pledges:list_under_way": "one, by the unique key of proposals",
    "pledges:list_ids_of": "pledges of one person",
    "pledges:take_untold": "campaigns of one person",
    "pledges:sum_taxes": "a row per place and rate",
    "settlement:count": "a row per status",
    "settlement:list_planned": "refunds of one request, whose charges have a limit",
}


def texts(source: Source) -> Iterator[tuple[ast.expr, str]]:
    """Return every string of a file; of a formatted one what stands between its values."""
    parts: set[ast.AST] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.JoinedStr):
            parts |= set(node.values)
            yield node, _text(node, {})
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node, node.value


def sql_in_its_room(source: Source) -> Iterator[str]:
    """SQL stands in queries and in the chassis, where it is looked for."""
    _, service, *rooms = source.path.split("/")
    if service == "chassis" or {"queries", "queries.py"}.intersection(rooms):
        return
    for node, text in texts(source):
        if STATEMENT.match(text) or SMALL.match(text):
            yield source.at(node, f"SQL outside queries: {text.split()[0]}")


def in_capitals(source: Source) -> Iterator[str]:
    """Keywords are capitals: what is small is a name."""
    for node, text in texts(source):
        if STATEMENT.match(text):
            for found in SMALL_KEYWORD.finditer(QUOTED.sub("", text)):
                yield source.at(node, f"a keyword in small letters: {found[0]}")
        elif SMALL.match(text):
            yield source.at(node, f"SQL in small letters: {text.split()[0]}")


def columns_by_name(source: Source) -> Iterator[str]:
    """A column that a migration adds must not turn up where nobody asked for it."""
    for node, text in texts(source):
        known = {*re.findall(r"(?:WITH|,)\s+(\w+) AS (?:MATERIALIZED )?\(", text)}
        if not STATEMENT.match(text):
            continue
        for found in STAR.finditer(text):
            rest = text[found.end() - 1 :]
            of = re.match(r"\*\s+FROM\s+(\w+)", rest)
            whose = found[1] or (re.search(r"(\w+)\.\*", found[0]) or [None, ""])[1]
            if not (NAMED_HERE.match(rest) or whose in known or (of and of[1] in known)):
                yield source.at(node, f"{' '.join(found[0].split())}: name the columns")


def lists_have_an_end(source: Source) -> Iterator[str]:
    """Every list has a LIMIT, or is as long as what it was asked for by."""
    service = source.path.split("/")[1]
    constants = {
        target.id: each.value
        for each in source.tree.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    for function in functions(source):
        returns = ast.unparse(function.returns) if function.returns else ""
        if not A_LIST.search(returns) or f"{service}:{function.name}" in BOUNDED:
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _is_fetch(node):
                statement = _text(node.args[0], constants)
                if not ASKED_FOR.search(statement):
                    yield source.at(node, f"{function.name} returns a list without a LIMIT")


def _is_fetch(node: ast.Call) -> bool:
    """Tell whether a statement is run; a cursor or a bus is told how many it shall bring."""
    return ast.unparse(node.func).endswith(("conn.fetch", "pool.fetch"))


def _text(node: ast.expr, constants: dict[str, ast.expr]) -> str:
    """Return a statement's text with the module's own constants in their places."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(each, constants) for each in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, constants)
    if isinstance(node, ast.Name) and node.id in constants:
        return _text(constants[node.id], constants)
    return str(node.value) if isinstance(node, ast.Constant) else "…"


PRODUCTION = production()
BUSINESS = tuple(each for each in PRODUCTION if not each.path.startswith("services/chassis/"))
QUERIES = tuple(each for each in PRODUCTION if "/queries" in each.path or "/chassis/" in each.path)


def test_sql_stands_in_queries_alone() -> None:
    assert_tidy(findings(sql_in_its_room, BUSINESS), "Give it a name in queries.")


def test_keywords_are_capitals() -> None:
    assert_tidy(findings(in_capitals, PRODUCTION), "See style.md 2.10.")


def test_columns_are_named() -> None:
    assert_tidy(findings(columns_by_name, PRODUCTION), "Say which columns are wanted.")


def test_every_list_has_a_limit() -> None:
    assert_tidy(findings(lists_have_an_end, QUERIES), "Add a LIMIT, or say what bounds it.")


def test_what_is_said_to_be_bounded_is_there() -> None:
    known = {
        f"{source.path.split('/')[1]}:{each.name}"
        for source in QUERIES
        for each in functions(source)
    }

    assert set(BOUNDED) - known == set()


QUERY = '''
async def {name}(conn: Connection) -> {returns}:
    return await conn.fetch("""
        SELECT slug
        FROM campaigns
        {rest}
    """)
'''


@pytest.mark.parametrize(
    ("rule", "path", "bad", "good"),
    [
        pytest.param(
            sql_in_its_room,
            "services/site/handlers.py",
            "x = '''\n    SELECT 1 FROM t'''",
            "x = 'Select a tier.'",
            id="SQL",
        ),
        pytest.param(
            sql_in_its_room,
            "services/site/routes/pages.py",
            "x = f'select slug from {table}'",
            "x = 'Insert into the slot.'",
            id="small SQL",
        ),
        pytest.param(
            in_capitals,
            "services/site/queries.py",
            "x = 'SELECT slug from campaigns'",
            "x = \"SELECT slug FROM campaigns WHERE title = 'to and from'\"",
            id="one keyword",
        ),
        pytest.param(
            in_capitals,
            "services/site/queries.py",
            "x = 'update campaigns set title = $1'",
            "x = 'UPDATE campaigns SET title = $1'",
            id="all keywords",
        ),
        pytest.param(
            columns_by_name,
            "services/site/queries.py",
            "x = 'SELECT * FROM campaigns'",
            "x = 'SELECT count(*) FROM campaigns'",
            id="star",
        ),
        pytest.param(
            columns_by_name,
            "services/site/queries.py",
            "x = 'SELECT slug, pledges.* FROM campaigns JOIN pledges USING (slug)'",
            "x = 'WITH due AS (SELECT slug FROM campaigns) SELECT * FROM due'",
            id="a table's star",
        ),
        pytest.param(
            columns_by_name,
            "services/site/queries.py",
            "x = 'DELETE FROM campaigns RETURNING *'",
            "x = 'INSERT INTO campaigns (slug) SELECT * FROM unnest($1::text[])'",
            id="returning star",
        ),
        pytest.param(
            lists_have_an_end,
            "services/site/queries.py",
            QUERY.format(name="list_campaigns", returns="list[str]", rest=""),
            QUERY.format(name="list_campaigns", returns="list[str]", rest="LIMIT $1"),
            id="limit",
        ),
        pytest.param(
            lists_have_an_end,
            "services/site/queries.py",
            QUERY.format(name="list_campaigns", returns="dict[str, str]", rest="GROUP BY slug"),
            QUERY.format(name="find_campaign", returns="Campaign | None", rest="WHERE slug = $1"),
            id="groups",
        ),
    ],
)
def test_the_rule_finds_what_it_forbids(rule: object, path: str, bad: str, good: str) -> None:
    assert_notices(rule, path, bad=bad, good=good)
