"""Which ready mappings `pinbridge init` takes."""

from collections.abc import Iterator

import pytest

from bridge.cli.choosing import choose
from bridge.cli.shipped import Starter
from bridge.errors import ConfigurationError

OFFERED = [
    Starter(name=f"{name}.yaml", description=name.upper(), sources=frozenset({"shop"}), text="")
    for name in ("shop-sales", "shop-buyers", "shop-stock")
]


def chosen(wanted: list[str], *answers: str) -> list[str]:
    """Give the names of those that are chosen by name, or by answers on a terminal."""
    given: Iterator[str] = iter(answers)
    return [each.name for each in choose(OFFERED, wanted, (lambda _: next(given)) if answers else None)]


def test_where_nobody_can_be_asked_all_are_taken() -> None:
    """A script gets the same every time."""
    assert chosen([]) == ["shop-sales.yaml", "shop-buyers.yaml", "shop-stock.yaml"]


def test_those_that_are_named_are_taken_and_nobody_is_asked() -> None:
    """With or without the suffix, each once."""
    assert chosen(["shop-stock", "shop-sales.yaml", "shop-stock"]) == ["shop-stock.yaml", "shop-sales.yaml"]


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("", ["shop-sales.yaml", "shop-buyers.yaml", "shop-stock.yaml"]),
        ("2", ["shop-buyers.yaml"]),
        (" 3, 1 ,", ["shop-stock.yaml", "shop-sales.yaml"]),
        ("shop-buyers, 1", ["shop-buyers.yaml", "shop-sales.yaml"]),
    ],
)
def test_on_a_terminal_numbers_and_names_choose(answer: str, names: list[str]) -> None:
    """Nothing at all stands for all."""
    assert chosen([], answer) == names


@pytest.mark.parametrize("wrong", ["4", "0", "shop-sals", "9" * 5000, "-1"])
def test_a_wrong_answer_is_told_and_asked_again(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it is."""
    assert chosen([], wrong, "1") == ["shop-sales.yaml"]
    assert "no mapping here has this name; there are shop-sales, shop-buyers, shop-stock" in capsys.readouterr().out


def test_a_wrong_name_is_refused_with_the_nearest() -> None:
    """And with what there is."""
    with pytest.raises(ConfigurationError) as caught:
        chosen(["shop-sals"])
    assert str(caught.value) == (
        "shop-sals: no mapping here has this name; there are shop-sales, shop-buyers, shop-stock; "
        "did you mean 'shop-sales'?"
    )
