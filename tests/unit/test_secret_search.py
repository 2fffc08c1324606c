"""The search for secrets that every test's output goes through finds them."""

from pathlib import Path

import pytest
from support.secrecy import hold_untold, secrets_in, told_secrets


def test_secrets_are_what_is_named_like_one() -> None:
    """Several in one variable are several; too short ones would be found by chance."""
    environ = {
        "A_WEBHOOK_SECRET": "first-one, second-one",
        "B_TOKEN": "short",
        "PORT": "80808080",
        "KEY": b"pk_long_one",
    }
    assert secrets_in(environ) == {b"first-one", b"second-one", b"pk_long_one"}


def test_a_file_with_a_secret_is_found(tmp_path: Path) -> None:
    """In the midst of other bytes; a file that is not there holds none."""
    file = tmp_path / "bridge.log"
    hold_untold([b"whsec_made_up"], file)
    file.write_bytes(b"\0\xff whsec_made_up\n")

    assert told_secrets([b"whsec_made_up", b"other"], file.read_bytes()) == ["whsec_made_up"]
    with pytest.raises(AssertionError, match=r"bridge\.log holds a secret"):
        hold_untold([b"whsec_made_up"], file)
