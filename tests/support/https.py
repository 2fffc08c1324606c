"""Providers that publish keys: real HTTPS servers under their own names, with certificates of a test's authority.

`LocalNames` is what leads those names here. Whatever else a look-up does is what it does in production: the name is
checked against the certificate, and the bytes go over sockets.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID

PrivateKey = ec.EllipticCurvePrivateKey | RSAPrivateKey


class Reply(NamedTuple):
    """What a server answers, after `delay_s`."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = {}
    delay_s: float = 0.0


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    host: str
    path: str
    body: bytes


class Provider:
    """What a server answers to each path; what it was asked. A path that is not there is answered 404."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply | Callable[[Asked], Reply]] = {}
        self.asked: list[Asked] = []

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        reply = self.replies.get(asked.path, Reply(status=404))
        return reply if isinstance(reply, Reply) else reply(asked)


class LocalNames(httpx.AsyncBaseTransport):
    """Sends every request to one port of this machine, under the name that it was made for."""

    def __init__(self, port: int, trusted: ssl.SSLContext) -> None:
        self._port = port
        self._network = httpx.AsyncHTTPTransport(verify=trusted)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


def certificate(
    key: PrivateKey, name: str, *, since: datetime, until: datetime, hosts: tuple[str, ...] = ()
) -> x509.Certificate:
    """Make a certificate that its own key has signed."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key, hashes.SHA256())


def as_pem(certificate: x509.Certificate) -> bytes:
    """Write a certificate out."""
    return certificate.public_bytes(serialization.Encoding.PEM)


@contextmanager
def https_server(folder: Path, provider: Provider, *hosts: str) -> Iterator[LocalNames]:
    """Serve a provider under the names of hosts; gives what leads there."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    pem = as_pem(certificate(key, "test", since=now - timedelta(days=1), until=now + timedelta(days=1), hosts=hosts))
    form = serialization.PrivateFormat.PKCS8
    (folder / "server.pem").write_bytes(
        pem + key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    server = _Server(("127.0.0.1", 0), _handler(provider))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="provider")
    thread.start()
    try:
        yield LocalNames(server.server_address[1], ssl.create_default_context(cadata=pem.decode()))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away, or do not trust the certificate: tests do so."""


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Write nothing to the terminal."""

        def _answer(self, body: bytes) -> None:
            host = self.headers["host"]
            reply = provider.answer(Asked(self.command, host, self.path, body))
            time.sleep(reply.delay_s)
            self.send_response(reply.status)
            for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

    return Handler
