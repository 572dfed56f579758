"""Certificates of servers and clients, made for one run of the tests."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import aiohttp
from attrs import frozen

OPENSSL = shutil.which("openssl")


@frozen
class Certificate:
    file: Path
    server: ssl.SSLContext

    def connector(self) -> aiohttp.TCPConnector:
        """Return one that trusts this certificate and no other."""
        return aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(self.file)))


def certify(folder: Path, name: str) -> Certificate:
    assert OPENSSL is not None
    key, file = folder / f"{name}.key", folder / f"{name}.pem"
    command = [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(file), "-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - ours
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file, key)
    return Certificate(file, server)
