"""A real rsyslog that takes RFC 5425 syslog over TLS, started by a test with its own files, port and certificates."""

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.servers.ports import free_port

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin")

# Tabs between the fields: none of them can hold one. The template's escapes are rsyslog's.
FIELDS = ("pri", "timestamp", "hostname", "app-name", "procid", "msgid", "structured-data", "msg")


def why_not() -> str | None:
    """Why there is no such server here; None if there is."""
    if RSYSLOGD is None:
        return "rsyslog is not installed (Debian: rsyslog, rsyslog-gnutls)"
    if not any(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")):
        return "rsyslog has no TLS here (Debian: rsyslog-gnutls)"
    return None


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority of the test's own; its certificate lies at `file`."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._begun(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        certificate = certificate.add_extension(_key_usage(authority=True), critical=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(certificate.sign(self._key, SHA256()).public_bytes(Encoding.PEM))

    def issue(self, name: str, *, days: int = 10) -> Pair:
        """For a server or client called `name`; for "127.0.0.1" as an address. Expired with negative `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        known_as: x509.GeneralName = x509.DNSName(name)
        if name[0].isdigit():
            known_as = x509.IPAddress(ip_address(name))
        builder = self._begun(subject, key, days)
        builder = builder.add_extension(x509.SubjectAlternativeName([known_as]), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(authority=False), critical=True)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        pair.certificate.write_bytes(builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM))
        pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return pair

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 10) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=20)).not_valid_after(now + timedelta(days=days))
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(slots=True)
class Rsyslog:
    """The server. `start` and `stop` may be called again and again: port and output stay."""

    folder: Path
    authority: Authority
    pair: Pair
    asks_for_certificate: bool = False
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.port == 0:
            self.port = free_port()

    @property
    def output(self) -> Path:
        return self.folder / "received"

    def start(self) -> None:
        """Return when it takes connections."""
        config = self.folder / "rsyslog.conf"
        config.write_text(self._config(), encoding="utf-8")
        pid = self.folder / "pid"
        pid.unlink(missing_ok=True)
        assert RSYSLOGD is not None
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [RSYSLOGD, "-n", "-f", str(config), "-i", str(pid)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                said = (self.folder / "log").read_text("utf-8", "replace")
                assert self._process.poll() is None, f"rsyslogd ended: {said}"
                assert time.monotonic() < deadline, f"rsyslogd does not listen: {said}"
                time.sleep(0.05)
            else:
                return

    def stop(self, *, hard: bool = False) -> None:
        """End it, by SIGTERM or SIGKILL."""
        if self._process is not None:
            (self._process.kill if hard else self._process.terminate)()
            self._process.wait(20)
            self._process = None

    def received(self) -> list[dict[str, str]]:
        """All messages so far, by field, without the one that is being written."""
        if not self.output.exists():
            return []
        whole, _, _ = self.output.read_bytes().rpartition(b"\n")
        lines = whole.decode().split("\n") if whole else []
        return [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in lines]

    def wait_for(self, count: int, seconds: float = 20) -> list[dict[str, str]]:
        """The messages, once there are this many or it has taken too long."""
        deadline = time.monotonic() + seconds
        while len(found := self.received()) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def _config(self) -> str:
        mode = "x509/certvalid" if self.asks_for_certificate else "anon"
        template = "\\t".join(f"%{name}%" if name != "timestamp" else "%timestamp:::date-rfc3339%" for name in FIELDS)
        return f"""
global(
  workDirectory="{self.folder}"
  defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="{self.authority.file}"
  defaultNetstreamDriverCertFile="{self.pair.certificate}"
  defaultNetstreamDriverKeyFile="{self.pair.key}"
  parser.escapeControlCharactersOnReceive="off"
)
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="{mode}")
template(name="fields" type="string" string="{template}\\n")
input(type="imtcp" port="{self.port}" address="127.0.0.1")
action(type="omfile" file="{self.output}" template="fields" asyncWriting="off" flushOnTXEnd="on")
"""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
