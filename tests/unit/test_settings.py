"""The environment is read once, strictly, and every mistake in it is named."""

import traceback
from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.settings import (
    Settings,
    declared_settings,
    secret_variable,
    setting_lines,
    source_secrets,
    unknown_settings,
)
from bridge.units import Window


def test_defaults() -> None:
    """Without any variable the documented defaults hold."""
    settings = Settings.from_environ({"UNRELATED": "x"})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.rate == (Window(160, 60),)
    assert (settings.cost, settings.max_body) == (2, 2**20)
    assert (settings.retention, settings.horizon) == (35 * 86400, 35 * 86400)
    assert settings.api_key is None


def test_the_public_address_is_what_stands_before_hooks() -> None:
    """A slash at its end is one too many; a path below which a proxy puts the bridge belongs to it."""
    for text in ("https://hooks.example.com/in", "https://hooks.example.com/in/"):
        assert Settings.from_environ({"PINBRIDGE_PUBLIC_URL": text}).public_url == "https://hooks.example.com/in"


def test_an_empty_variable_counts_as_unset() -> None:
    """What a container passes on as empty changes nothing."""
    assert Settings.from_environ({"PORT": "", "PINDOWN_API_KEY": ""}) == Settings.from_environ({})


def test_every_mistake_is_named_at_once() -> None:
    """Each unreadable variable is a problem of its own, under its name."""
    environ = {"PORT": "http", "PINBRIDGE_RATE": "many", "PINBRIDGE_MAX_BODY": "big", "PINDOWN_API_URL": "ftp://x"}
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ(environ)
    assert [problem.file for problem in refused.value.problems] == sorted(environ)


def test_a_budget_that_holds_no_update_is_refused() -> None:
    """A rate below the cost of one update could never send."""
    with pytest.raises(
        ConfigurationError, match=r"^PINBRIDGE_RATE: the window 1/60s holds not even one update, which costs 2 tokens"
    ):
        Settings.from_environ({"PINBRIDGE_RATE": "1/60s"})


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("PORT", "http", "'http' is not a whole number"),
        ("PORT", "65536", "'65536' is too much; at most 65535 is allowed"),
        ("PINBRIDGE_COST", "-1", "'-1' is not a whole number"),
        ("PINBRIDGE_COST", "0", "'0' is too little; at least 1 is allowed"),
        ("PINBRIDGE_JOURNAL_MAX", "1MiB", "'1MiB' is too little; at least 16MiB is allowed"),
        ("PINBRIDGE_MAPPINGS_LOOK_EVERY", "0s", "'0s' is too little; at least 1s is allowed"),
        ("PINBRIDGE_PUBLIC_URL", "hooks.example.com", "is not the address of a bridge; write one such as https://"),
        ("PINBRIDGE_PUBLIC_URL", "https://hooks.example.com/?a=b", "is not the address of a bridge"),
        ("PINBRIDGE_PUBLIC_URL", "https://user@hooks.example.com", "with neither user nor query"),
        ("PINBRIDGE_TRUSTED_PROXIES", "10.0.0.1, nginx", "'nginx' is neither an address nor a network"),
        ("PINBRIDGE_TRUSTED_PROXIES", "*", "'*' is neither an address nor a network"),
        ("PINBRIDGE_TRUSTED_PROXIES", "10.0.0.1/8", "'10.0.0.1/8' is neither an address nor a network"),
        ("PINDOWN_API_URL", "api.pindown.ai", "is not an address; write one such as https://api.pindown.ai/v1"),
        ("PINBRIDGE_DELIVERY", "both", "'both' is no way to deliver; write background or inline"),
        ("PINBRIDGE_ALLOW_LOSSY", "yes", "'yes' is neither 0 nor 1"),
        ("PINBRIDGE_RETENTION", "35", "'35' has no unit"),
        ("PINBRIDGE_RATE", "160", "'160' is not a rate"),
    ],
)
def test_a_mistake_says_what_is_allowed(name: str, text: str, message: str) -> None:
    """Under the variable's name, with what was found."""
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ({name: text})
    assert str(refused.value).startswith(f"{name}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize("name", [setting.name for setting in declared_settings()])
def test_no_mistake_is_told_in_the_words_of_a_library(name: str) -> None:
    """Whatever a setting does not take, the message is the bridge's own."""
    for text in ("?", "-1", "0", "9" * 9, "\\t", "x" * 2000):
        told = refusal({name: text})
        assert "Input should" not in told
        assert len(told) < 300


def refusal(environ: dict[str, str]) -> str:
    """Give what is told of an environment, the empty text where nothing is wrong with it."""
    try:
        Settings.from_environ(environ)
    except ConfigurationError as error:
        return str(error)
    return ""


def test_what_looks_like_a_setting_and_is_none_is_named() -> None:
    """With the nearest word; what Kubernetes sets beside a service of this name is no mistake."""
    environ = {
        "PINBRIDGE_RETENTON": "1d",
        "PINBRIDGE_SERVICE_HOST": "10.0.0.1",
        "PINBRIDGE_PORT_8080_TCP": "x",
        "PATH": "",
    }
    (problem,) = unknown_settings(environ)
    assert str(problem) == "PINBRIDGE_RETENTON: is no setting of this release; did you mean 'PINBRIDGE_RETENTION'?"


def test_secrets_never_show_in_the_settings_text() -> None:
    """What is logged or raised with the settings in it holds no secret."""
    settings = Settings.from_environ({"PINDOWN_API_KEY": "pk_hidden", "PINBRIDGE_ADMIN_TOKEN": "t0p-secret-of-us"})
    assert "pk_hidden" not in repr(settings)
    assert "t0p" not in repr(settings)


@pytest.mark.parametrize("name", ["PINBRIDGE_ADMIN_TOKEN", "PINBRIDGE_METRICS_TOKEN"])
@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("sh0rt", "is 5 characters long; one that nobody guesses has 16 to 1000"),
        ("x" * 1001, "is 1001 characters long"),
        ("t0ken-with-a-line-break\n", "holds a space, a line break"),
        ("t0ken with spaces in it", "holds a space, a line break"),
        ("t\u00f6ken-that-is-long-enough", "a letter that is not ASCII"),
    ],
)
def test_a_token_that_could_be_guessed_or_not_sent_is_refused(name: str, token: str, expected: str) -> None:
    """The message says what to do, and shows nothing of it."""
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ({name: token})
    assert f"{name}: " in str(refused.value)
    assert expected in str(refused.value)
    assert token[:5] not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("text", ["pk_live_in_the_wrong_place", "https://u:pk_live_in_the_wrong_place@here/v1"])
def test_a_key_in_the_place_of_the_address_is_refused_untold(text: str) -> None:
    """The address stands in logs and in the database."""
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ({"PINDOWN_API_URL": text})
    assert "PINDOWN_API_URL: " in str(refused.value)
    assert "pk_live" not in "".join(traceback.format_exception(refused.value))


def test_every_setting_has_a_line_of_help() -> None:
    """Each line names its variable and says what it is for."""
    lines = setting_lines()
    assert len(lines) == len(declared_settings())
    assert all(len(line.partition(": ")[2]) > 10 for line in lines)


def test_a_sources_secrets_come_from_its_variable_and_its_file(tmp_path: Path) -> None:
    """Several secrets hold during rotation; a file may add to them."""
    file = tmp_path / "secret"
    file.write_text("third\n")
    environ = {"LAN_PROBE_WEBHOOK_SECRET": "first, second", "LAN_PROBE_WEBHOOK_SECRET_FILE": str(file)}
    assert secret_variable("lan-probe") == "LAN_PROBE_WEBHOOK_SECRET"
    assert source_secrets(environ, "lan-probe") == (b"first", b"second", b"third")
    assert source_secrets({}, "lan-probe") == ()


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The variable that names it is the place of the problem; what it names may be the secret, and is not shown."""
    expected = "^STRIPE_WEBHOOK_SECRET_FILE: the file that it names cannot be read: No such file or directory$"
    with pytest.raises(ConfigurationError, match=expected):
        source_secrets({"STRIPE_WEBHOOK_SECRET_FILE": str(tmp_path / "none")}, "stripe")
