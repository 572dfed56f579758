"""A certificate for 127.0.0.1 that nobody trusts yet."""

from __future__ import annotations

import pytest

from tests.security.certificates import OPENSSL, Certificate, certify


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if OPENSSL is None:
        pytest.skip("openssl is not installed")
    return certify(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")
