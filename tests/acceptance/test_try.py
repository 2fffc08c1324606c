"""`pinbridge try`, as a user runs it: no key, no secret, nothing sent."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from support.processes import run

SAMPLES = Path(__file__).resolve().parents[2] / "mappings" / "samples"
STRIPE = SAMPLES.parent / "stripe-buyers.yaml"
PAID, REFUNDED = SAMPLES / "stripe" / "payment.json", SAMPLES / "stripe" / "refund.json"


def tried(*words: str | Path, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run it in an environment of its own."""
    return run("try", *words, given=given, **environ)


def told(*words: str | Path, **environ: str) -> dict[str, Any]:
    """Run it for a script."""
    answer: dict[str, Any] = json.loads(tried(*words, "--json", **environ).stdout)
    return answer


def test_it_tells_step_by_step_what_payloads_become() -> None:
    """Conditions, variables with path and value, triggers not asked, the duplicate, the drawing and the request."""
    ended = tried(STRIPE, PAID, REFUNDED, PAID)
    assert ended.returncode == 0, ended.stderr
    lines = [" ".join(line.split()) for line in ended.stdout.splitlines()]
    for line in (
        "payment matches → p-stripe-buyers",
        "✓ $.data.object.amount_received: wanted gt 0, found 4900",
        "email = $.data.object.receipt_email, default null 'ada@example.com'",
        "buyer = {{ email or 'anonymous' }} 'ada@example.com'",
        "refund is not asked: it takes refund.created, and this is payment_intent.succeeded",
        "a duplicate: this delivery was met before, so it changes nothing; else",
        "p-stripe-buyers as of 2026-11-20 09:50:00 UTC",
        "PUT https://api.pindown.ai/v1/pins/p-stripe-buyers",
        "Authorization: Bearer <PINDOWN_API_KEY>",
        '"amount": "€49.00",',
    ):
        assert line in lines
    assert re.search(r"│ +ada@example\.com +€49\.00 +€15\.00 +20 Nov, 09:30 +│", ended.stdout)
    assert "more items" not in ended.stdout


def test_it_tells_a_script_the_same() -> None:
    """The request's body is what would be sent."""
    answer = told(STRIPE, PAID)
    (delivery,) = answer["deliveries"]
    payment, refund = delivery["triggers"]
    assert payment["outcomes"] == [{"outcome": "matched", "pin": "p-stripe-buyers", "reason": ""}]
    assert payment["passes"][0]["variables"]["amount"] == {"written": "$.data.object.amount_received", "value": 4900}
    assert refund["not_asked"] == "it takes refund.created, and this is payment_intent.succeeded"
    (pin,) = answer["pins"]
    assert (pin["request"]["method"], pin["moved"]) == ("PUT", True)
    assert pin["request"]["body"]["metadata"]["pin_config"]["rows"][0]["amount"] == "€49.00"


def test_a_condition_that_fails_says_what_stood_there(tmp_path: Path) -> None:
    """What comes after it is not looked at, and no request is shown."""
    (tmp_path / "small.yaml").write_text(
        "pin: p-a\ntriggers: [{source: stripe, when: {$.data.object.amount: {lt: 100}}, extract: {x: $.nope}}]\n"
        "update: {metadata: {title: none}}\n"
    )
    ended = tried("small", PAID, PINBRIDGE_MAPPINGS=str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert "small does not match\n     ✗ $.data.object.amount: wanted lt 100, found 4900\n" in ended.stdout
    assert "no payload moved it, so nothing would be sent" in ended.stdout
    assert "PUT" not in ended.stdout


def test_a_text_between_colons_is_shown_as_it_is_sent(tmp_path: Path) -> None:
    """Neither the pin nor the request has a picture where the payload has its name, and a place has its line."""
    (tmp_path / "a.yaml").write_text(
        'pin: p-a\ntriggers: [{source: stripe}]\nupdate: {metadata: {title: ":smile: at :100:"}}\n'
    )
    ended = tried(tmp_path / "a.yaml", PAID)
    assert ended.stdout.count(":smile: at :100:") == 2
    (tmp_path / "b.yaml").write_text(
        "\n" * 97 + 'pin: p-a\ntriggers: [{source: stripe}]\nupdate: {metadata: {title: "{{ [][1].x }}"}}\n'
    )
    assert f"cannot be drawn: {tmp_path}/b.yaml:100:" in tried(tmp_path / "b.yaml", PAID).stdout


def test_a_variable_that_is_not_there_fails_the_trial(tmp_path: Path) -> None:
    """Exit 1, with the trigger's own words; and so does a template that fails."""
    (tmp_path / "a.yaml").write_text(
        "pin: p-a\ntriggers: [{source: stripe, extract: {x: $.nope}}]\nupdate: {metadata: {title: none}}\n"
    )
    ended = tried(tmp_path / "a.yaml", PAID)
    assert ended.returncode == 1
    assert "a fails: x: $.nope matches nothing; give it a default" in ended.stdout
    (tmp_path / "b.yaml").write_text(
        'pin: p-a\ntriggers: [{source: stripe}]\nupdate:\n  metadata: {title: "{{ [][1].x }}"}\n'
    )
    ended = tried(tmp_path / "b.yaml", PAID)
    assert ended.returncode == 1
    assert f"cannot be drawn: {tmp_path}/b.yaml:4:" in ended.stdout


def test_items_and_pins_of_a_family_are_told_one_by_one() -> None:
    """Each item with its outcome; `--pin` picks one pin, `--now` says when it is drawn."""
    latest = SAMPLES.parent / "alertmanager-latest.yaml"
    answer = told(latest, SAMPLES / "alertmanager" / "firing.json", SAMPLES / "alertmanager" / "partly-resolved.json")
    outcomes = [[each["outcome"] for each in delivery["triggers"][0]["outcomes"]] for delivery in answer["deliveries"]]
    assert outcomes == [["matched", "matched"], ["duplicate_item", "matched"]]
    groups = SAMPLES.parent / "alertmanager-groups.yaml"
    payloads = [SAMPLES / "alertmanager" / name for name in ("firing.json", "platform.json")]
    assert [pin["pin"] for pin in told(groups, *payloads)["pins"]] == ["p-alerts-payments", "p-alerts-platform"]
    answer = told(groups, *payloads, "--pin", "p-alerts-platform", "--now", "2026-12-01T00:00:00Z")
    assert ([pin["pin"] for pin in answer["pins"]], answer["now"]) == (
        ["p-alerts-platform"],
        "2026-12-01T00:00:00+00:00",
    )


def test_a_payload_may_come_with_headers_and_from_standard_input() -> None:
    """GitHub's type and id stand in headers."""
    push = (SAMPLES / "github" / "push.json").read_text()
    github = SAMPLES.parent / "github-pushes.yaml"
    ended = tried(github, "-", "-H", "X-GitHub-Event: push", "-H", "X-GitHub-Delivery: 1", given=push)
    assert ended.returncode == 0, ended.stdout
    assert "1. standard input: github push 1\n" in ended.stdout
    ended = tried(github, "-", given=push)
    assert "its type stands in x-github-event, which it lacks; say it with --header" in ended.stdout
    assert "push is not asked: it takes push, and this is of no type" in ended.stdout
    refused = tried(github, "-", given='{"ref"')
    assert refused.returncode == 1
    assert "the bridge refuses it: 400" in refused.stdout


def test_mistakes_are_told_as_validate_tells_them(tmp_path: Path) -> None:
    """A broken mapping with its line, what cannot be found with the nearest word; exit 2."""
    (tmp_path / "sources.yaml").write_text("shop: {verify: none, dedupe: off}\n")
    (tmp_path / "bad.yaml").write_text("pin: p-a\ntriggers: [{source: stripe, extrct: {}}]\nupdate: {}\n")
    ended = tried(tmp_path / "bad.yaml", PAID)
    assert ended.returncode == 2
    assert "bad.yaml:2:29: error: unknown key 'extrct' in a trigger; did you mean 'extract'?\n   2 | " in ended.stderr
    for words, said in (
        (("strip-payments", PAID), "did you mean 'stripe-payments'?"),
        ((tmp_path / "sources.yaml", PAID), f"{tmp_path}/sources.yaml: is no mapping\n"),
        ((STRIPE, "nothing.json"), "nothing.json: cannot be read"),
        ((STRIPE, PAID, "--now", "soon"), "--now: 'soon' is not a time"),
        ((STRIPE, PAID, "--pin", "p-x"), "'p-x' is no pin that these payloads move"),
        ((STRIPE, PAID, "--source", "strpe"), "did you mean 'stripe'?"),
    ):
        ended = tried(*words, PINBRIDGE_MAPPINGS=str(SAMPLES.parent))
        assert ended.returncode == 2, words
        assert said in ended.stderr


def test_a_mapping_in_a_folder_below_is_found_by_its_name(tmp_path: Path) -> None:
    """As the other commands name it."""
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "alerts.yaml").write_text(STRIPE.read_text())
    assert tried("ops/alerts", PAID, PINBRIDGE_MAPPINGS=str(tmp_path)).returncode == 0
    ended = tried("ops/alert", PAID, PINBRIDGE_MAPPINGS=str(tmp_path))
    assert ended.returncode == 2
    assert "there are ops/alerts; did you mean 'ops/alerts'?" in ended.stderr
