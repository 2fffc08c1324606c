import pytest

from bridge.events import Json
from bridge.mappings.queries.queries import MISSING, QuerySyntaxError, compile_query
from bridge.mappings.values.bounds import ExpressionError, Work

PAYLOAD: Json = {
    "id": "evt_1",
    "data": {"amount": 20.5, "none": None, "7": "seven", "user name": "Ada", "a.b": "dotted"},
    "items": [{"price": 3, "tags": ["x", "y"]}, {"price": 30}, {"name": "free"}, "text"],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", PAYLOAD),
        ("$.id", "evt_1"),
        ("$.data.amount", 20.5),
        ("$.data.none", None),
        ("$.data.7", "seven"),
        ("$.data['user name']", "Ada"),
        ('$["data"]["a.b"]', "dotted"),
        ("$.items[0].tags[1]", "y"),
        ("$.items[-1]", "text"),
        ("$.true", MISSING),
        ("$.id[0]", MISSING),
        ("$.id.x", MISSING),
        ("$.items[9]", MISSING),
        ("$.items[-5]", MISSING),
        ("$.items.price", MISSING),
        ("$.data[0]", MISSING),
        ("$.data.none.x", MISSING),
    ],
)
def test_a_plain_path_gives_one_value_or_missing(path: str, value: object) -> None:
    """Null is a value; a text has no items; an index meets only lists."""
    query = compile_query(path)
    assert query.single
    assert query.get(PAYLOAD) == value
    assert query.find(PAYLOAD, Work()) == ([] if value is MISSING else [value])


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("$.items[*].price", [3, 30]),
        ("$.items[1:3].price", [30]),
        ("$.items[::-1]", ["text", {"name": "free"}, {"price": 30}, {"price": 3, "tags": ["x", "y"]}]),
        ("$.data.*", [20.5, None, "seven", "Ada", "dotted"]),
        ("$.items[?(@.price > 10)].price", [30]),
        ("$.items[?(@.name == 'free')].name", ["free"]),
        ("$.items[?(@.price > 'a')]", []),
        ("$.items[?(@.tags)].price", [3]),
        ("$.items[?(@.tags[*] == 'y')].price", [3]),
        ("$.items[?(!@.price)].name", ["free"]),
        ("$.items[?(@.price > 1 && @.price < 10)].price", [3]),
        ("$.items[?(@.price == 3 || @.name == 'free')]", [{"price": 3, "tags": ["x", "y"]}, {"name": "free"}]),
        ("$..price", [3, 30]),
        ("$.nothing[*]", []),
        ("$.id[*]", []),
        ("$.id[?(@.x == 1)]", []),
    ],
)
def test_other_paths_give_every_match_in_document_order(path: str, values: list[Json]) -> None:
    """A filter on what is missing or of another type is no match, never an error."""
    query = compile_query(path)
    assert not query.single
    assert query.find(PAYLOAD, Work()) == values
    assert query.get(PAYLOAD) == (values[0] if values else MISSING)


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("data.id", "a path begins with '$', such as $.data.id"),
        ("", "a path begins with '$'"),
        ("$.a b", "is quoted, as in $['user name'].id"),
        ("$.größe", "is quoted"),
        ("$.a[", "is not a path that can be read"),
        ("$.a['b", "is not a path that can be read"),
        ("$.", "is not a path that can be read"),
        ("$.a.`parent`", "begin the path one level higher"),
        ("$.a.`len`", "take: count"),
        ("$.a.`nonsense`", "is not a path that can be read"),
        ("$.a.`sub(/x/, y)`", "supported are children"),
        ("$.a - $.b", "compute with 'let'"),
        ("$.a where $.b", "use a filter"),
        ("$.a | $.b", "'|' and '&' between paths"),
        ("$['a','b']", "one variable for each"),
        ("$[0,1]", "one variable for each"),
        ("$.a[::0]", "cannot advance by 0"),
        ("$..a..b", "'..' may stand once"),
        ("$.a[?(@..b)]", "not inside a filter"),
        ("$.a[?(@.b =~ '(a+)+$')]", "'=~' is not supported"),
        ("$.a[?(@.b == open)]", "a text inside a filter is quoted"),
        ("$.a[?(@.b & @.c)]", "joined by '&&'"),
        ("$.a[?(@.b > 1 && $.c[*] == 2)]", "must lead to one place"),
        ("$.a[\\b]", "use the filter 'sort'"),
        ("$.a.$.b", "only at the beginning"),
        ("$" + ".a" * 41, "at most 40 are followed"),
        ("$." + "a" * 500, "at most 500 are read"),
    ],
)
def test_everything_outside_the_subset_is_refused_with_advice(path: str, advice: str) -> None:
    """The message names the path and says what to write instead."""
    with pytest.raises(QuerySyntaxError) as refused:
        compile_query(path)
    assert advice in str(refused.value)


def test_the_cost_of_descendants_is_said() -> None:
    """Only `..` carries a warning."""
    assert "walks the whole payload" in str(compile_query("$..a").warning)
    assert compile_query("$.a[*]").warning is None


LARGE: Json = [[{"a": 1, "b": [1, 2]}] * 1000] * 100
NESTED: Json = 1
for _ in range(95):
    NESTED = [NESTED, [], []]


@pytest.mark.parametrize(
    ("path", "payload"),
    [
        ("$..[?(@.a == 1)]", LARGE),
        ("$..[?(@.b[*] == @.a)]", LARGE),
        ("$[*][?(@ == $[0][0])]", LARGE),
        ("$..[?(@[*][*][*][*])]", [NESTED] * 1000),
        ("$..*" + "[*]" * 38, [NESTED] * 1000),
    ],
)
def test_a_walk_ends_where_its_work_does(path: str, payload: Json) -> None:
    """Whatever the path and the payload are, no more is gone over than is left to be; jsonpath-ng takes minutes."""
    work = Work(50_000)
    with pytest.raises(ExpressionError, match="too long"):
        compile_query(path).find(payload, work)
    assert work.left > -250_000


def test_work_is_what_is_gone_over() -> None:
    """Twice the payload is twice the work, and a path from the root hardly any."""
    spent = {}
    for count in (1000, 2000):
        for path in ("$..a", "$[*].a", "$[?(@.a == 1)]", "$[0].a"):
            work = Work(10**6)
            compile_query(path).find([{"a": 1}] * count, work)
            spent[path, count] = 10**6 - work.left
    assert spent["$..a", 1000] == 4002
    assert all(spent[path, 2000] > 1.9 * spent[path, 1000] > 0 for path in ("$..a", "$[*].a", "$[?(@.a == 1)]"))
    assert spent["$[0].a", 2000] == spent["$[0].a", 1000] == 0
