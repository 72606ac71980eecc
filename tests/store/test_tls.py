"""TLS by the address: the server proves who it is, or nothing is said to it.

It needs a server built with TLS, which the one of the development tools is not: the system's own.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from deputize.errors import StoreUnavailable
from deputize.store.postgres import Listener, PostgresDatabase
from tests.fixtures.postgres import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "s3cr3t-w0rd"
ACCESS = b"local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
PROGRAMS = INSTALLED[-1].parents[1] if INSTALLED else None

pytestmark = pytest.mark.skipif(
    PROGRAMS is None or shutil.which("openssl") is None,
    reason="no PostgreSQL server with TLS in /usr/lib/postgresql, or no openssl",
)


class Guarded(NamedTuple):
    """A server that takes only TLS and a password."""

    port: int
    authority: Path
    stranger: Path

    def url(self, password: str = SECRET, **more: str) -> str:
        """Return its address."""
        options = "&".join(f"{name}={value}" for name, value in more.items())
        return f"postgresql://ada:{password}@localhost:{self.port}/postgres?{options}"

    def sure(self, authority: Path | None = None) -> str:
        """Return its address, for who wants it proven."""
        root = authority or self.authority
        return self.url(sslmode="verify-full", sslrootcert=str(root))


def certificate(folder: Path, name: str) -> Path:
    """Make a key and a certificate for localhost that signs itself."""
    subprocess.run(
        ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost",
         "-keyout", f"{name}.key", "-out", f"{name}.crt"),
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / f"{name}.crt"


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Start such a server."""
    folder = tmp_path_factory.mktemp("certificates")
    ours, strange = certificate(folder, "ours"), certificate(folder, "strange")
    port = free_port()

    def prepare(server: Server) -> None:
        server.write("server.crt", ours.read_bytes())
        server.write("server.key", ours.with_suffix(".key").read_bytes())
        server.write("pg_hba.conf", ACCESS)

    server = Server(PROGRAMS, prepare, ssl="on", listen_addresses="127.0.0.1", port=str(port))
    server.run("postgres", f"CREATE ROLE ada LOGIN SUPERUSER PASSWORD '{SECRET}'")
    yield Guarded(port, ours, strange)
    server.remove()


def test_what_is_said_is_encrypted_and_the_server_proven(guarded: Guarded) -> None:
    """Both the store's connection and the listener's."""
    with closing(PostgresDatabase(guarded.sure())) as opened:
        connection = opened._connection
        assert connection is not None
        assert connection.pgconn.ssl_in_use
    with closing(Listener(guarded.sure())) as listener:
        assert listener._connection.pgconn.ssl_in_use


def test_a_server_that_can_not_prove_itself_is_told_nothing(guarded: Guarded) -> None:
    """Neither the password nor anything else goes to a stranger."""
    with pytest.raises(StoreUnavailable, match="certificate") as caught:
        PostgresDatabase(guarded.sure(guarded.stranger))
    assert "sslrootcert" in str(caught.value.hint)


def test_who_speaks_no_tls_is_turned_away(guarded: Guarded) -> None:
    """The hint says where to look."""
    with pytest.raises(StoreUnavailable) as caught:
        PostgresDatabase(guarded.url(sslmode="disable"))
    assert caught.value.hint


def test_a_wrong_password_is_said_and_not_shown(guarded: Guarded) -> None:
    """The hint says where it is looked for."""
    with pytest.raises(StoreUnavailable, match="password authentication failed") as caught:
        PostgresDatabase(guarded.url("not-" + SECRET, sslmode="require"))
    shown = f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
    assert SECRET not in shown
    assert ".pgpass" in shown
