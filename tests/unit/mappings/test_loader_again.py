"""Loading the same files again: what is the same is not compiled anew."""

import pytest

from bridge.errors import ConfigurationError
from bridge.mappings import Loader

MAPPING = (
    "pin: p-{0}\ntriggers: [{{source: shop, extract: {{a: $.a}}}}]\nupdate: {{metadata: {{title: '{{{{ a }}}}'}}}}\n"
)


def files(**pins: str) -> dict[str, bytes]:
    """Give a file for each name, with the pin of it."""
    return {f"{name}.yaml": MAPPING.format(pin).encode() for name, pin in pins.items()}


def test_only_a_changed_file_is_compiled_anew() -> None:
    """The mapping of every other file is the very one of before."""
    loader = Loader({})
    compiled: list[int] = []
    before = loader.load(files(a="a", b="b"), after_each=lambda: compiled.append(1))
    after = loader.load(files(a="a", b="other", c="c"), after_each=lambda: compiled.append(1))
    assert len(compiled) == 4
    assert after.mappings["a"] is before.mappings["a"]
    assert (after.mappings["b"].pin, after.mappings["c"].pin) == ("p-other", "p-c")
    assert before.literal_pins() == {"p-a": "a", "p-b": "b"}


def test_the_same_files_are_the_same_set() -> None:
    """Nothing is compiled, and whoever holds the set sees that nothing changed."""
    loader = Loader({})
    before = loader.load(files(a="a", b="b"))
    assert loader.load(files(b="b", a="a")) is before


def test_what_was_good_beside_a_mistake_is_known_afterwards() -> None:
    """A broken file refuses the set; once it is mended, only that file is compiled, and the set is whole."""
    loader = Loader({})
    with pytest.raises(ConfigurationError, match=r"b\.yaml:1:1"):
        loader.load({**files(a="a"), "b.yaml": b"pn: p-b\n"})
    compiled: list[int] = []
    loaded = loader.load(files(a="a", b="b"), after_each=lambda: compiled.append(1))
    assert len(compiled) == 1
    assert set(loaded.mappings) == {"a", "b"}


def test_a_mistake_that_stays_is_told_again() -> None:
    """Also though its file is not compiled again."""
    loader = Loader({})
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            loader.load({"a.yaml": b"pin: p-a\n", **files(b="b")})
        assert [problem.file for problem in caught.value.problems] == ["a.yaml", "a.yaml"]


def test_a_warning_that_stays_is_told_again_and_ends_with_its_file() -> None:
    """Warnings belong to the set, not to the moment of compiling."""
    odd = files(a="a")["a.yaml"] + b"type: gauges\n"
    loader = Loader({})
    (first,) = loader.load({"a.yaml": odd}).warnings
    (second,) = loader.load({"a.yaml": odd, **files(b="b")}).warnings
    assert first == second
    assert loader.load(files(b="b")).warnings == ()


def test_a_pin_that_two_files_claim_is_refused_though_neither_is_compiled() -> None:
    """What concerns several files is checked each time."""
    loader = Loader({})
    loader.load(files(a="a", b="b"))
    with pytest.raises(ConfigurationError, match="belongs to"):
        loader.load(files(a="a", b="b", c="a"))


def test_the_environment_is_that_of_the_start() -> None:
    """A variable that changes in the process changes no mapping that is loaded."""
    environ = {"PIN": "p-first"}
    loader = Loader(environ)
    text = MAPPING.format("x").replace("p-x", "${PIN}").encode()
    before = loader.load({"a.yaml": text})
    environ["PIN"] = "p-second"
    assert loader.load({"a.yaml": text}) is before
    assert before.literal_pins() == {"p-first": "a"}
