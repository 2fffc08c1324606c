"""What holds for every test: nothing that it made the code print or log holds a secret that it uses."""

from collections.abc import Generator

import pytest
from support.secrecy import secrets_in, told_secrets


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Search what was captured, once all of it is, for the secrets that the test's module names."""
    report = yield
    if call.when == "teardown" and report.passed and isinstance(item, pytest.Function):
        captured = "".join(text for _, text in report.sections).encode()
        if told := told_secrets(secrets_in(vars(item.module)), captured):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} made the code print a secret: {told}"
    return report
