"""A key that comes back is hidden, however it is written."""

import json

import orjson
import pytest

from bridge.outbound.masking import Mask

KEY = """pk_live/"x\\'K+$"""


@pytest.mark.parametrize(
    "written",
    [
        KEY.encode(),
        orjson.dumps(KEY)[1:-1],
        repr(KEY.encode()).encode(),
        repr(bytearray(KEY.encode())).encode(),
        "".join(f"\\u{ord(each):04x}" for each in KEY).encode(),
        "".join(f"\\u{ord(each):04X}" for each in KEY).encode(),
        KEY.replace("k", "\\u006b").encode(),
    ],
)
def test_a_key_is_hidden_however_it_is_written(written: bytes) -> None:
    """By JSON, with escapes in either case, or by Python where it quotes bytes."""
    hidden = Mask(KEY).hide(b"the key " + written + b" has expired, " + written)
    assert hidden.count(b"[key]") == 2
    assert b"live" not in hidden


def test_what_is_json_stays_json() -> None:
    """Also where a backslash stands before the key."""
    body = json.dumps({"message": f"\\pk_1 {'pk_1'}"}).encode()
    assert orjson.loads(Mask("pk_1").hide(body)) == {"message": "\\[key] [key]"}


def test_what_only_resembles_the_key_stays() -> None:
    """Capitals count, and a dot is a dot."""
    assert Mask("pk.1").hide_in("PK.1 pkx1 pk.1 \udce9") == "PK.1 pkx1 [key] \\udce9"
