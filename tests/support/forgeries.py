"""What must not pass for a provider's delivery: forgeries made of a genuine one, by what its rule proves."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from support.providers import NOW, OTHER_SECRET, SECRET, Delivery, Proved, Sample, configured, prove

MISSING = frozenset({"missing_signature", "missing_credentials", "missing_token", "missing_timestamp"})
TOKEN = frozenset({"malformed_token", "wrong_algorithm"})
WRONG = TOKEN | {"bad_signature", "malformed_signature", "bad_credentials", "malformed_credentials"}
ALTERED = frozenset({"bad_signature", "bad_body_hash"})
CLAIMLESS = frozenset({"wrong_claim", "missing_timestamp"})
DOUBLED = frozenset({"duplicate_header"})
UNREADABLE = frozenset({"bad_timestamp", "bad_signature", "malformed_signature"})


class Forgery(NamedTuple):
    """A delivery that must be refused with one of some codes, `late_s` seconds after the genuine one was sent."""

    name: str
    delivery: Delivery
    codes: frozenset[str]
    late_s: float = 0


def forgeries(name: str, sample: Sample, *, tolerance_s: float) -> list[Forgery]:
    """Give every forgery that applies to a provider, each another one."""
    genuine = prove(name, sample)
    made = [
        *_with_another_secret(name, sample, genuine),
        *_with_another_text(sample, genuine),
        *_with_another_head(sample, genuine),
        *_with_other_headers(sample, genuine),
    ]
    if sample.proof.signs_body:
        made += _with_another_body(name, sample, genuine)
    if sample.proof.mac:
        made += _with_another_rule(name, sample)
    if sample.proof.signs_time:
        made += _at_another_time(name, sample, genuine, tolerance_s)
    told: dict[tuple[Delivery, float], Forgery] = {}
    for forgery in made:
        if forgery.delivery != genuine.delivery or forgery.late_s:
            told.setdefault((forgery.delivery, forgery.late_s), forgery)
    return [*told.values()]


def _with_another_secret(name: str, sample: Sample, genuine: Proved) -> Iterator[Forgery]:
    yield Forgery("another secret", prove(name, sample, secret=OTHER_SECRET).delivery, WRONG)
    nearly = SECRET[:-2] + ("00" if SECRET[-2:] != "00" else "11")
    yield Forgery("nearly the secret", prove(name, sample, secret=nearly).delivery, WRONG)
    if sample.proof.mac:
        shown = genuine.delivery.replace(genuine.mac, configured(sample))
        yield Forgery("the secret for a signature", shown, WRONG)


def _with_another_text(sample: Sample, genuine: Proved) -> Iterator[Forgery]:
    """The signature, or the credential, written otherwise."""
    mac = genuine.mac
    swapped = {"0": "1", "A": "B", "a": "b", "=": "A"}
    texts = {
        "its last character cut off": mac[:-1],
        "its first character cut off": mac[1:],
        "half of it": mac[: len(mac) // 2],
        "padded with =": f"{mac}=",
        "padded with ==": f"{mac}==",
        "a letter after it": f"{mac}A",
        "a letter before it": f"A{mac}",
        "it twice in a row": mac + mac,
        "in the other case": mac.swapcase(),
        "another first character": swapped.get(mac[0], "0") + mac[1:],
        "another last character": mac[:-1] + swapped.get(mac[-1], "0"),
        "a letter beyond ASCII after it": f"{mac}\xe9",
        "a space in it": f"{mac[:8]} {mac[8:]}",
        "much longer than any": mac * 200,
    }
    if "base64" in sample.proof.mac:
        texts["junk after the padding"] = f"{mac.rstrip('=')}==junk"
    for name, text in texts.items():
        yield Forgery(name, genuine.delivery.replace(mac, text), WRONG)
    yield Forgery("nothing in its place", genuine.delivery.replace(mac, ""), MISSING | WRONG)


def _with_another_head(sample: Sample, genuine: Proved) -> Iterator[Forgery]:
    """The prefix or label of the signature missing, or another."""
    for value in sample.proof.headers.values():
        head, proves, _ = value.partition("{mac}" if sample.proof.mac else "{secret")
        head = head.rpartition("}")[2].lstrip(" ,;")
        if not proves or not any(map(str.isalnum, head)):
            continue
        told = head + genuine.mac
        yield Forgery("no prefix", genuine.delivery.replace(told, genuine.mac), MISSING | WRONG)
        last = max(index for index, letter in enumerate(head) if letter.isalnum())
        other = f"{head[:last]}{'0' if head[last] != '0' else '9'}{head[last + 1 :]}"
        yield Forgery("another prefix", genuine.delivery.replace(told, other + genuine.mac), MISSING | WRONG)
        yield Forgery("the prefix twice", genuine.delivery.replace(told, head + told), MISSING | WRONG)
        if sample.proof.mac:
            cased = genuine.delivery.replace(told, head.swapcase() + genuine.mac)
            yield Forgery("the prefix in the other case", cased, MISSING | WRONG)


def _with_other_headers(sample: Sample, genuine: Proved) -> Iterator[Forgery]:
    """A header of the proof missing, empty, or there twice."""
    headers = genuine.delivery.headers
    for proving in sample.proof.headers:
        others = tuple(pair for pair in headers if pair[0] != proving)
        value = dict(headers)[proving]
        # Of several signatures, the others are still there, and wrong.
        gone = ALTERED if sample.proof.among and genuine.mac in value else MISSING
        yield Forgery(f"no {proving}", genuine.delivery._replace(headers=others), gone)
        yield Forgery(f"an empty {proving}", genuine.delivery._replace(headers=(*others, (proving, ""))), gone)
        renamed = (*others, (f"{proving}-Old", value))
        yield Forgery(f"{proving} under another name", genuine.delivery._replace(headers=renamed), gone)
        for name, second in (("twice", value), ("twice, the second empty", ""), ("twice, in small letters", value)):
            again = proving.lower() if "small" in name else proving
            yield Forgery(f"{proving} {name}", genuine.delivery._replace(headers=(*headers, (again, second))), DOUBLED)


def _with_another_body(name: str, sample: Sample, genuine: Proved) -> Iterator[Forgery]:
    body = genuine.delivery.body
    middle = len(body) // 2
    bodies = {
        "no body": b"",
        "the first byte flipped": bytes([body[0] ^ 1]) + body[1:],
        "a byte in the middle flipped": body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :],
        "the last byte flipped": body[:-1] + bytes([body[-1] ^ 1]),
        "the last byte cut off": body[:-1],
        "a line break after the body": body + b"\n",
        "a space before the body": b" " + body,
        "a byte order mark before the body": b"\xef\xbb\xbf" + body,
    }
    if body[:1] in {b"{", b"["}:
        payload = json.loads(body)
        bodies["the body written anew"] = json.dumps(payload, separators=(",", ":"), sort_keys=True).encode()
        bodies["the body written anew, with indents"] = json.dumps(payload, indent=2).encode()
    for what, other in bodies.items():
        yield Forgery(what, genuine.delivery._replace(body=other), ALTERED)
    another = sample.model_copy(update={"body": f"{sample.body.replace('1', '2')} "})
    borrowed = prove(name, another).delivery.headers
    yield Forgery("the proof of another body", genuine.delivery._replace(headers=borrowed), ALTERED)


def _with_another_rule(name: str, sample: Sample) -> Iterator[Forgery]:
    """Signed with the right secret, but not as the provider does."""
    algorithm, encoding = sample.proof.mac.split(" ")
    yield Forgery("signed over nothing", prove(name, sample, over="").delivery, WRONG)
    yield Forgery("signed over more", prove(name, sample, over=f"{sample.proof.over}.").delivery, WRONG)
    if sample.proof.is_token:
        yield Forgery("signed by another algorithm", prove(name, sample, mac="jwt HS512").delivery, TOKEN)
        yield Forgery("without a claim", prove(name, sample, over="{}").delivery, CLAIMLESS)
        return
    for other in ("hmac-sha1", "hmac-sha256", "hmac-sha512"):
        if other != algorithm:
            yield Forgery(f"signed by {other}", prove(name, sample, mac=f"{other} {encoding}").delivery, WRONG)
    another = "base64" if encoding == "hex" else "hex"
    yield Forgery(f"written as {another}", prove(name, sample, mac=f"{algorithm} {another}").delivery, WRONG)


def _at_another_time(name: str, sample: Sample, genuine: Proved, tolerance_s: float) -> Iterator[Forgery]:
    yield Forgery("stale", genuine.delivery, frozenset({"stale_timestamp"}), tolerance_s + 60)
    yield Forgery("a year late", genuine.delivery, frozenset({"stale_timestamp"}), 365 * 86_400)
    yield Forgery("from the future", genuine.delivery, frozenset({"future_timestamp"}), -tolerance_s - 60)
    later = prove(name, sample, now=NOW + timedelta(seconds=1)).time
    altered = genuine.delivery.replace(genuine.time, later)
    yield Forgery("another time", altered, ALTERED)
    yield Forgery("no time", genuine.delivery.replace(genuine.time, ""), MISSING | UNREADABLE)
    yield Forgery("a time that is none", genuine.delivery.replace(genuine.time, "soon"), UNREADABLE)
