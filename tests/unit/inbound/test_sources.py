"""What sources.yaml and the catalogue say, and how mistakes in them are told."""

from pathlib import Path

import pytest

from bridge.errors import ConfigurationError, Problem
from bridge.inbound.locations import HeaderPlace, Location, PathPlace
from bridge.inbound.sources import Sources, load_sources
from bridge.inbound.sources.declarations import KEYS, Ack
from bridge.inbound.sources.verify import read_scheme
from bridge.located import MappingNode, Place, parse_yaml

NAMED_AT = Place("mappings/sales.yaml", 7, 13)
HMAC = "verify: {scheme: hmac, header: X-Sig}"


def load(text: str, *named: str, secrets: tuple[bytes, ...] = (b"secret",)) -> Sources:
    """Load sources with one secret for all."""
    return load_sources(dict.fromkeys(named, NAMED_AT), text.encode(), lambda _: secrets)


def problems(text: str, *named: str, secrets: tuple[bytes, ...] = (b"secret",)) -> list[str]:
    """Give the problems that refuse the start."""
    with pytest.raises(ConfigurationError) as caught:
        load(text, *named, secrets=secrets)
    return [str(problem) for problem in caught.value.problems]


def test_a_source_of_the_catalogue_needs_no_declaration() -> None:
    """A mapping that names it, and its secret, are enough."""
    source = load("", "stripe")["stripe"]
    assert source.provider == "stripe"
    assert source.id == Location((PathPlace(("id",)),))
    assert source.at == Location((PathPlace(("created",)),))
    assert (source.id_is_covered, source.dedupes, source.dedup_window_s, source.tolerance_s) == (True, True, None, 300)


def test_another_name_may_have_a_known_provider_and_keys_of_its_own() -> None:
    """`billing` signs like Stripe; what it says itself goes before."""
    source = load("billing: {provider: stripe, tolerance: 10m, at: '$.data[0].at'}")["billing"]
    assert source.provider == "stripe"
    assert source.tolerance_s == 600
    assert source.at == Location((PathPlace(("data", 0, "at")),))
    assert source.event == Location((PathPlace(("type",)),))


def test_a_declaration_named_like_a_provider_overrides_it() -> None:
    """`alertmanager: {verify: basic}` keeps the rest of the catalogue's entry."""
    source = load("alertmanager: {verify: basic}", secrets=(b"u:p",))["alertmanager"]
    assert source.scheme.challenge == 'Basic realm="pinbridge", charset="UTF-8"'
    assert source.dedup_window_s == 600


def test_an_unsigned_id_is_known_as_such() -> None:
    """GitHub's delivery id is a header that the signature does not cover; Standard Webhooks' is covered."""
    sources = load("", "github", "standard-webhooks", secrets=(b"whsec_MDEy",))
    assert sources["github"].id_is_covered is False
    assert sources["standard-webhooks"].id_is_covered is True


def test_everything_of_a_source_can_be_declared() -> None:
    """A tool that the catalogue does not know is described with the same keys."""
    source = load(
        f"""
        plant:
          {HMAC}
          event: [{{header: X-Event}}, $.action]
          id: $.id
          at: [$.ended, $.started]
          dedupe: 10m
          form_json: payload
          aliases: {{X-Old: X-Event}}
          ack: {{status: 200, body: "[accepted]"}}
        """
    )["plant"]
    assert source.event == Location((HeaderPlace("x-event"), PathPlace(("action",))))
    assert source.at == Location((PathPlace(("ended",)), PathPlace(("started",))))
    assert (source.dedupes, source.dedup_window_s) == (True, 600)
    assert source.aliases == {"x-old": "x-event"}
    assert source.ack == Ack(status=200, body=b"[accepted]", content_type="text/plain; charset=utf-8")
    assert source.single_headers == {"x-sig", "x-event", "x-old"}


def test_secrets_never_show_in_the_text_form_of_a_source() -> None:
    """A source may stand in a log or a traceback."""
    assert "s3cr3t" not in repr(load("", "stripe", secrets=(b"s3cr3t",)))


def test_a_source_without_a_secret_refuses_the_start_and_names_the_variable() -> None:
    """The place is the mapping that names it; `verify: none` is said aloud."""
    (problem,) = problems("", "stripe", secrets=())
    assert problem == (
        "mappings/sales.yaml:7:13: the source 'stripe' has no secret; set STRIPE_WEBHOOK_SECRET "
        "(or STRIPE_WEBHOOK_SECRET_FILE), or say 'verify: none' in sources.yaml"
    )
    assert load("lan-probe: {verify: none, dedupe: off}", secrets=())["lan-probe"].dedupes is False


def test_an_empty_secret_is_no_secret() -> None:
    """A key of no bytes would let anyone sign."""
    assert problems("", "standard-webhooks", secrets=(b"whsec_",)) == [
        "STANDARD_WEBHOOKS_WEBHOOK_SECRET: the secret of the source 'standard-webhooks' is malformed: it is empty"
    ]


def test_an_unreadable_secret_file_is_one_of_the_problems() -> None:
    """What the secrets' reader complains about is reported with the rest."""

    def unreadable(_: str) -> tuple[bytes, ...]:
        raise ConfigurationError([Problem(file="STRIPE_WEBHOOK_SECRET_FILE", message="cannot be read")])

    with pytest.raises(ConfigurationError) as caught:
        load_sources({"stripe": NAMED_AT}, None, unreadable)
    assert str(caught.value) == "STRIPE_WEBHOOK_SECRET_FILE: cannot be read"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plant: {verify: none}", "sources.yaml:1:1: deliveries of the source 'plant' cannot be told apart"),
        (f"plant: {{{HMAC}}}", "cannot be told apart"),
        (
            "plant: {id: $.id}",
            "the source 'plant' needs 'verify' (hmac, ed25519, ecdsa, token, jwt, bearer, basic, none) or 'provider'",
        ),
        ("plant: {provider: strip}", "1:19: 'strip' is not one of "),
        ("plant: {provider: stripe, evnt: $.x}", "1:27: unknown key 'evnt' in a source; did you mean 'event'?"),
        ("plant: {provider: stripe, version: {}}", "1:27: 'version' comes with a later release"),
        ("plant: {provider: stripe, event: '$..x'}", "is not a plain path"),
        ("plant: {provider: stripe, event: type}", "is not a plain path"),
        ("plant: {provider: stripe, event: []}", "at least one place"),
        ("plant: {provider: stripe, event: {path: x}}", "unknown key 'path' in a place"),
        ("plant: {provider: stripe, dedupe: never}", "'never' is not a length of time"),
        ("plant: {provider: stripe, dedupe: 0s}", "a window is at least 1s"),
        ("plant: {provider: stripe, tolerance: 300}", "'300' has no unit"),
        ("plant: {provider: stripe, tolerance: 2d}", "at most 1d"),
        ("plant: {provider: stripe, ack: {status: 404}}", "from 200 to 299"),
        ("plant: {provider: stripe, aliases: x}", "'aliases' is an object"),
        ("plant: 5", "1:8: the source 'plant' is an object with keys such as provider, found a number"),
        ("Plant: {provider: stripe}", "cannot name a source"),
        ("[stripe]", "this file is an object of sources by name"),
        ("a: [", "not valid YAML"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, message: str) -> None:
    """File, line, column, what was found and what is allowed."""
    assert message in "\n".join(problems(text))


def test_a_source_that_nobody_knows_is_told_where_it_is_named() -> None:
    """With the nearest word of the catalogue."""
    (problem,) = problems("", "strpe")
    assert problem == (
        "mappings/sales.yaml:7:13: the source 'strpe' is neither in the catalogue nor in sources.yaml; "
        "did you mean 'stripe'?"
    )


def test_all_mistakes_are_told_in_one_go() -> None:
    """Those of one source do not hide those of another."""
    assert len(problems("a: {verify: none, dedupe: never, at: x}\nb: {provider: x, y: 1}\n", "nobody")) == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "plant: {verify: none, evnt: $.x, tolerance: 2d}",
            [
                "1:1: deliveries of the source 'plant' cannot be told apart",
                "1:23: unknown key 'evnt' in a source; did you mean 'event'?",
                "1:45: '2d' is out of range",
            ],
        ),
        ("plant: {verfy: none, id: $.id}", ["1:9: unknown key 'verfy' in a source; did you mean 'verify'?"]),
        ("plant: {provider: strip, id: $.id}", ["1:19: 'strip' is not one of"]),
        ("plant: {verify: none, dedup: 10m}", ["1:23: unknown key 'dedup' in a source; did you mean 'dedupe'?"]),
        (
            "plant: {id: $.id, color: red}",
            ["1:1: the source 'plant' needs 'verify'", "1:19: unknown key 'color' in a source"],
        ),
        (
            "plant: {provider: stripe, version: {}, ack: {status: 404, bod: x}}",
            [
                "1:27: 'version' comes with a later release",
                "1:54: the status of an ack is a number from 200 to 299",
                "1:59: unknown key 'bod' in ack; did you mean 'body'?",
            ],
        ),
    ],
)
def test_a_wrong_key_neither_hides_nor_makes_other_mistakes(text: str, expected: list[str]) -> None:
    """The other keys are read all the same, and a key that is only misspelt is not asked for as well."""
    found = problems(text)
    assert len(found) == len(expected)
    for problem, start in zip(found, expected, strict=True):
        assert problem.startswith(f"sources.yaml:{start}")


def test_a_missing_secret_is_told_with_the_other_mistakes() -> None:
    """Whoever mends the file need not start twice."""
    found = problems("billing: {provider: stripe, evnt: $.x}", secrets=())
    assert [text.split(": ", 1)[1][:12] for text in found] == ["the source '", "unknown key "]


def test_problems_name_the_file_as_the_caller_does() -> None:
    """With its folder, so that a terminal or an editor opens it."""
    with pytest.raises(ConfigurationError) as caught:
        load_sources({}, b"a: {verify: none, dedupe: never}", lambda _: (), file="pins/sources.yaml")
    assert str(caught.value).startswith("pins/sources.yaml:1:27: ")


def test_the_docs_show_the_catalogue_as_it_is() -> None:
    """Every key is documented, and the declarations shown do load."""
    docs = (Path(__file__).parents[3] / "docs" / "sources.md").read_text()
    for word in KEYS:
        assert f"`{word}`" in docs
    shown = docs.split("```yaml\n")[1].split("```")[0]
    assert set(load(shown)) == {"billing", "plant", "lan-probe"}
    stripe = parse_yaml("docs", docs.split("```yaml\n")[2].split("```")[0].encode())
    assert isinstance(stripe, MappingNode)
    verify = stripe.get("verify")
    assert verify is not None
    assert read_scheme(verify) == load("", "stripe")["stripe"].scheme
