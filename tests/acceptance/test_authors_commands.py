"""The commands of those who write mappings: `paths`, `init`, `doctor`, `try`, as a user runs them."""

import json
import subprocess
from pathlib import Path

from support.processes import run

SAMPLES = Path(__file__).resolve().parents[2] / "mappings" / "samples"


def test_paths_are_shown_with_their_values() -> None:
    """One a line, those of lists first with how many matches they have."""
    lines = run("paths", str(SAMPLES / "alertmanager" / "firing.json")).stdout.splitlines()
    assert [line.split() for line in lines if ".status" in line] == [
        ["$.status", "'firing'"],
        ["$.alerts[*].status", "2", "matches,", "the", "first:", "'firing'"],
        ["$.alerts[0].status", "'firing'"],
        ["$.alerts[1].status", "'firing'"],
    ]


def test_paths_are_narrowed_by_a_word_in_path_or_value() -> None:
    """In any case of letters; where nothing holds it, that is said."""
    payload = '{"payload": {"User Name": "Ada", "city": "Paris"}, "by": "adam"}'
    ended = run("paths", "-", "ada", "--json", given=payload)
    assert json.loads(ended.stdout)["paths"] == [
        {"path": "$.payload['User Name']", "value": "Ada"},
        {"path": "$.by", "value": "adam"},
    ]
    assert "no path and no value holds 'zzz'" in run("paths", "-", "zzz", given=payload).stderr


def test_paths_of_a_source_are_those_that_its_mappings_see(tmp_path: Path) -> None:
    """Of the first event of several, behind what is wrapped; what cannot be read is told."""
    (tmp_path / "sources.yaml").write_text(
        "hub: {verify: none, dedupe: 10m, each: '$[*]', unwrap: {path: $.w, as: json}}"
    )

    def paths(given: str) -> subprocess.CompletedProcess[str]:
        return run("paths", "-", "--source", "hub", given=given, PINBRIDGE_MAPPINGS=str(tmp_path))

    shown = paths('[{"w": "{\\"a\\": 1}"}, {"w": "2"}]')
    assert shown.stdout.split() == ["$.a", "1"]
    assert "of 2 events the first" in shown.stderr
    assert "what is wrapped at $.w is missing" in paths("[{}]").stderr
    assert "it brings no event" in paths("[]").stderr
    assert "the source refuses it: the body has no list" in paths("{}").stderr


def test_paths_say_where_yaml_wants_them_quoted() -> None:
    """Between braces a bracket would end the text."""
    ended = run("paths", "-", given='{"items": [{"price: net": 1}]}')
    assert """a path with [ ] stands in quotation marks: {name: "$.items[*]"}""" in ended.stderr
    assert "a path with ': ' or ' #' in it stands in quotation marks everywhere" in ended.stderr
    assert "quotation" not in run("paths", "-", given='{"price": 1}').stderr


def test_paths_of_a_form_are_those_of_its_payload() -> None:
    """As GitHub sends it where that is chosen; a form without the field has its fields as paths."""
    assert run("paths", "-", given="payload=%7B%22ref%22%3A%22main%22%7D").stdout == "$.ref  'main'\n"
    assert run("paths", "-", given="text=hello&user=ada").stdout == "$.text  'hello'\n$.user  'ada'\n"


def test_paths_of_what_is_no_payload_exits_2() -> None:
    """The message says what is wrong with it."""
    ended = run("paths", "-", given='{"a')
    assert ended.returncode == 2
    assert "standard input: the body is not JSON: unexpected end of data at byte 3" in ended.stderr
    assert "paths.json: cannot be read: No such file" in run("paths", "paths.json").stderr


def test_init_writes_a_starter_with_its_samples_and_what_is_left_to_do(tmp_path: Path) -> None:
    """The folder is made; the lines name the address, the secret, the pin and the commands."""
    ended = run("init", "stripe", PINBRIDGE_MAPPINGS=str(tmp_path / "new" / "pins"))
    assert ended.returncode == 0, ended.stderr
    folder = tmp_path / "new" / "pins"
    assert (folder / "samples" / "stripe" / "payment.json").read_bytes() == (
        SAMPLES / "stripe" / "payment.json"
    ).read_bytes()
    assert (folder / "stripe-payments.yaml").read_text().endswith((SAMPLES.parent / "stripe-payments.yaml").read_text())
    for line in (
        "https://<your bridge>/hooks/stripe",
        "export STRIPE_WEBHOOK_SECRET=",
        "export STRIPE_PIN=",
        "export STRIPE_BUYERS_PIN=",
        "pinbridge validate",
        f"pinbridge try {folder}/stripe-buyers.yaml {folder}/samples/stripe/payment.json",
        "pinbridge test",
        "pinbridge serve",
    ):
        assert line in ended.stdout
    assert run("validate", str(folder)).returncode == 0


def test_init_names_the_steps_and_every_variable_of_a_source(tmp_path: Path) -> None:
    """The verify token of a handshake, the address that is signed, the key that is offered, and where the steps are."""

    def to_do(*words: str, **environ: str) -> dict[str, str]:
        folder = str(tmp_path / words[0])
        listed = json.loads(run("init", *words, "--json", PINBRIDGE_MAPPINGS=folder, **environ).stdout)["to_do"]
        return {each["line"]: each["what"] for each in listed}

    meta = to_do("meta")
    assert meta["pinbridge sources meta"] == "see every step at meta, and how it is verified"
    assert meta["export META_VERIFY_TOKEN=…"] == "make up a verify token, for the bridge and for meta's form"
    assert "export META_WEBHOOK_SECRET=…" in meta
    assert not [line for line in meta if "PINBRIDGE_PUBLIC_URL" in line]
    address = "export PINBRIDGE_PUBLIC_URL=https://<your bridge>"
    assert to_do("twilio", "trello")[address] == "tell the bridge its own address, which is signed (twilio, trello)"
    assert address not in to_do("square", PINBRIDGE_PUBLIC_URL="https://hooks.example.com")
    assert to_do("sendgrid")["export SENDGRID_WEBHOOK_SECRET=…"] == "tell the bridge the public key of sendgrid"
    asana = to_do("asana")
    assert asana["pinbridge keys"] == "once asana has offered its key, approve it"
    assert "export ASANA_WEBHOOK_SECRET=…" not in asana


def test_init_names_the_schema_only_where_it_writes_it(tmp_path: Path) -> None:
    """So that no editor looks for a file that is not there."""
    run("init", "github", PINBRIDGE_MAPPINGS=str(tmp_path))
    is_named = "$schema=schema.json" in (tmp_path / "github-pushes.yaml").read_text()
    assert is_named is (tmp_path / "schema.json").exists()


def test_init_writes_the_one_mapping_that_is_named(tmp_path: Path) -> None:
    """With the samples of its source; the lines to do are those of that mapping, with the address that is known."""
    ended = run(
        "init",
        "stripe",
        "--mapping",
        "stripe-buyers",
        PINBRIDGE_MAPPINGS=str(tmp_path),
        PINBRIDGE_PUBLIC_URL="https://hooks.example.com",
    )
    assert ended.returncode == 0, ended.stderr
    assert [path.name for path in sorted(tmp_path.glob("stripe*"))] == ["stripe-buyers.yaml"]
    assert "https://hooks.example.com/hooks/stripe\n" in ended.stdout
    assert "export STRIPE_BUYERS_PIN=" in ended.stdout
    assert "export STRIPE_PIN=" not in ended.stdout
    assert run("test", str(tmp_path)).returncode == 0


def test_init_of_an_unknown_mapping_writes_nothing(tmp_path: Path) -> None:
    """The message names those that there are; a mapping alone says not which source is meant."""
    ended = run("init", "stripe", "-m", "stripe-buyer", PINBRIDGE_MAPPINGS=str(tmp_path))
    assert ended.returncode == 2
    assert "did you mean 'stripe-buyers'?" in ended.stderr
    assert list(tmp_path.iterdir()) == []
    assert run("init", "-m", "stripe-buyers", PINBRIDGE_MAPPINGS=str(tmp_path)).returncode == 2


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    """What is there is left as it is, and that is said."""
    mine = tmp_path / "stripe-payments.yaml"
    mine.write_text("mine")
    ended = run("init", "stripe", "--json", PINBRIDGE_MAPPINGS=str(tmp_path))
    assert mine.read_text() == "mine"
    told = json.loads(ended.stdout)
    assert told["left_alone"] == [str(mine)]
    assert str(tmp_path / "samples" / "stripe" / "refund.json") in told["written"]


def test_init_writes_a_minimal_mapping_where_no_starter_ships(tmp_path: Path) -> None:
    """For the catalogue's source, and for one that the folder declares; both are good as they are."""
    (tmp_path / "sources.yaml").write_text("3d-printer: {verify: none, dedupe: 10m}\n")
    assert run("init", "standard-webhooks", "3d-printer", PINBRIDGE_MAPPINGS=str(tmp_path)).returncode == 0
    checked = run("validate", str(tmp_path))
    assert "(3d-printer-events, standard-webhooks-events)" in checked.stdout
    assert [line for line in checked.stderr.splitlines() if "STANDARD_WEBHOOKS_WEBHOOK_SECRET" not in line] == []


def test_init_of_an_unknown_source_names_the_nearest_and_writes_nothing(tmp_path: Path) -> None:
    """Not even for the good one beside it."""
    ended = run("init", "github", "strpe", PINBRIDGE_MAPPINGS=str(tmp_path))
    assert ended.returncode == 2
    assert "strpe: no source has this name; did you mean 'stripe'?" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_init_tells_of_sources_in_a_file_of_another_suffix(tmp_path: Path) -> None:
    """They would be unknown without a word."""
    (tmp_path / "sources.yml").write_text("plant: {verify: none, dedupe: off}\n")
    ended = run("init", "plant", PINBRIDGE_MAPPINGS=str(tmp_path))
    assert ended.returncode == 2
    assert f"{tmp_path}/sources.yml: is not read; name it sources.yaml" in ended.stderr


def test_init_alone_lists_what_there_is(tmp_path: Path) -> None:
    """Each source with what would be written for it."""
    listed = json.loads(run("init", "--json", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout)
    starters = [each["starter"] for each in listed if each["source"] == "stripe"]
    assert starters == [
        "stripe-buyers.yaml",
        "stripe-disputes.yaml",
        "stripe-failures.yaml",
        "stripe-payments.yaml",
        "stripe-subscriptions.yaml",
    ]
    assert "stripe-payments.yaml" in run("init", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout


def test_init_writes_what_takes_from_several_sources_where_all_are_named(tmp_path: Path) -> None:
    """Else a mapping of one source would want the secret of another; the list says which to name."""
    (tmp_path / "sources.yaml").write_text("ads: {verify: bearer, id: $.id, at: $.at}\n")
    listed = json.loads(run("init", "--json", PINBRIDGE_MAPPINGS=str(tmp_path)).stdout)
    assert [each["source"] for each in listed if each["starter"] == "ads-against-revenue.yaml"] == ["ads stripe"]
    run("init", "stripe", PINBRIDGE_MAPPINGS=str(tmp_path))
    assert not (tmp_path / "ads-against-revenue.yaml").exists()
    run("init", "ads", "stripe", PINBRIDGE_MAPPINGS=str(tmp_path))
    assert (tmp_path / "ads-against-revenue.yaml").exists()
    assert not (tmp_path / "ads-events.yaml").exists()


def test_init_into_a_folder_that_takes_nothing_exits_2(tmp_path: Path) -> None:
    """The message names the file that could not be written."""
    (tmp_path / "pins").write_text("a file")
    ended = run("init", "stripe", PINBRIDGE_MAPPINGS=str(tmp_path / "pins"))
    assert ended.returncode == 2
    assert f"{tmp_path}/pins/stripe-buyers.yaml: something other than a file stands in its way" in ended.stderr
