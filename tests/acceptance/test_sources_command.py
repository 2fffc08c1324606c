"""`pinbridge sources`, as a user runs it: without settings, offline, in an empty folder."""

import json
from pathlib import Path

import pytest
from support.processes import run

from bridge.inbound.catalogue import providers


def test_all_sources_are_listed(tmp_path: Path) -> None:
    """Each in a line, with what it is for, how it is proved and the variable of its secret."""
    ended = run("sources", PINBRIDGE_MAPPINGS=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = {line.split()[0]: line for line in ended.stdout.splitlines()[1:-2]}
    assert lines.keys() == {*providers()}
    assert lines["stripe"].split() == ["stripe", "Stripe", "payments", "HMAC-SHA256", "STRIPE_WEBHOOK_SECRET"]
    assert lines["alertmanager"].split()[-4:] == ["monitoring", "bearer", "token", "ALERTMANAGER_WEBHOOK_SECRET"]


def test_a_word_narrows_them(tmp_path: Path) -> None:
    """By name, title, category, proof and further words, in any case of letters."""

    def found(word: str) -> set[str]:
        listed = json.loads(run("sources", word, "--json", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout)
        return {each["name"] for each in listed}

    assert "stripe" in found("PAY")
    assert {"meta", "slack"} <= found("chat")
    assert "stripe" not in found("chat")
    assert "alertmanager" in found("prometh")
    assert found("sms") == {"twilio"}
    assert found("outlook") == {"microsoft-graph"}


def test_one_is_explained(tmp_path: Path) -> None:
    """With the address, the secret, the steps, the proof, and what would describe the same."""
    ended = run(
        "sources", "stripe", PINBRIDGE_MAPPINGS=str(tmp_path), PINBRIDGE_PUBLIC_URL="https://hooks.example.com/in/"
    )
    assert ended.returncode == 0
    told = " ".join(ended.stdout.split())
    for words in (
        "https://hooks.example.com/in/hooks/stripe",
        "export STRIPE_WEBHOOK_SECRET=…",
        "HMAC-SHA256 over {timestamp}.{body}, as hex, in the header Stripe-Signature",
        "event type $.type delivery id $.id event time $.created counts once by its delivery id",
        "Enter https://hooks.example.com/in/hooks/stripe as the endpoint's URL",
        "stripe-payments.yaml: ",
        "samples/stripe/",
        "my-stripe: provider: stripe",
    ):
        assert words in told
    written_out = ended.stdout.split("changed at will:\n\n")[1]
    (tmp_path / "sources.yaml").write_text(written_out)
    assert run("validate", str(tmp_path)).returncode == 0
    assert max(map(len, ended.stdout.split("\n\nUnder another name")[0].splitlines())) <= 80


def test_one_is_explained_to_a_script(tmp_path: Path) -> None:
    """The same, as JSON; a verify token is a variable of its own."""
    told = json.loads(run("sources", "meta", "--json", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout)
    assert told["address"] == "https://<your bridge>/hooks/meta"
    assert (told["variable"], told["token_variable"]) == ("META_WEBHOOK_SECRET", "META_VERIFY_TOKEN")
    assert told["facts"]["proof"] == "HMAC-SHA256 over `{body}`, as hex, in the header `X-Hub-Signature-256`"
    assert told["confidence"] == "high"


def test_a_key_that_comes_over_the_wire_needs_no_variable(tmp_path: Path) -> None:
    """Asana makes its key itself."""
    told = json.loads(run("sources", "asana", "--json", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout)
    assert told["variable"] == ""


def test_the_list_says_what_kind_of_secret_each_has(tmp_path: Path) -> None:
    """A key that is offered is no missing secret, a public key is none at all, and a verify token is a second one."""
    listed = run("sources", PINBRIDGE_MAPPINGS=str(tmp_path), COLUMNS="200").stdout
    lines = {line.split()[0]: line for line in listed.splitlines()[1:-2]}
    assert lines["asana"].endswith("  offered over the wire")
    assert lines["sendgrid"].endswith("  SENDGRID_WEBHOOK_SECRET, a public key")
    assert lines["discord"].endswith("  DISCORD_WEBHOOK_SECRET, a public key")
    assert lines["meta"].endswith("  META_WEBHOOK_SECRET, META_VERIFY_TOKEN")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("asana", "secret none to set; it is offered over the wire, and approved by pinbridge keys"),
        ("discord", "public key export DISCORD_WEBHOOK_SECRET=…"),
        ("twilio", "also needs PINBRIDGE_PUBLIC_URL, since the address is signed, to the letter"),
        ("meta", "event type $.object of the whole body and, behind a dot, $.field"),
    ],
)
def test_what_is_peculiar_to_one_is_told(tmp_path: Path, source: str, told: str) -> None:
    """Where the key comes from, what else must be set, and where a value stands outside of the event."""
    assert told in " ".join(run("sources", source, PINBRIDGE_MAPPINGS=str(tmp_path)).stdout.split())


def test_ones_own_sources_are_shown_too(tmp_path: Path) -> None:
    """Those of a provider with its words, and its keys less those that are written anew."""
    (tmp_path / "sources.yaml").write_text(
        "billing: {provider: stripe, id: $.number}\n"
        "plant: {verify: {scheme: token, header: X-Key}, event: $.kind, dedupe: 10m}\n"
    )
    listed = run("sources", "plant", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout
    assert "the secret in the header X-Key; nothing is signed" in listed
    assert "by its body within 10m" in listed
    billing = json.loads(run("sources", "billing", "--json", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout)
    assert (billing["title"], billing["variable"]) == ("Stripe", "BILLING_WEBHOOK_SECRET")
    assert billing["facts"]["delivery id"] == "`$.number`"
    own = json.loads(run("sources", "own", "--json", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout)
    assert "plant" in {each["name"] for each in own}


def test_a_mistake_in_ones_own_sources_hides_none_of_the_catalogue(tmp_path: Path) -> None:
    """It is told in its place."""
    (tmp_path / "sources.yaml").write_text("plant: {provider: strpe}\n")
    ended = run("sources", "stripe", PINBRIDGE_MAPPINGS=str(tmp_path))
    assert ended.returncode == 0
    assert "did you mean 'stripe'?" in ended.stderr
    assert "export STRIPE_WEBHOOK_SECRET" in ended.stdout


@pytest.mark.parametrize(
    ("word", "advice"), [("strpe", "did you mean 'stripe'?"), ("zzzzzz", "`pinbridge sources` lists all")]
)
def test_a_word_that_nothing_fits_exits_1(tmp_path: Path, word: str, advice: str) -> None:
    """With the nearest name, or what to do."""
    ended = run("sources", word, PINBRIDGE_MAPPINGS=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"error: {word}: no source has this name or word; {advice}\n"


def test_a_sample_is_counted_without_its_headers(tmp_path: Path) -> None:
    """They lie in a file beside it, and nobody sends them alone."""
    listed = run("sources", "gitlab", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout
    assert "2 samples come with it: samples/gitlab/pipeline-failed.json\n" in listed
