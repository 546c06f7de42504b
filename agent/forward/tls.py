"""Sending bytes over a TLS connection in a way that shows whether the other side has read them.

Neither syslog (RFC 5425) nor JSON Lines has a word for "received", and data that has left this laptop may still be lost
if the server goes down. So each batch has a connection of its own, and it counts as delivered only when the server,
after our close_notify, has closed its side in good order and acknowledged every byte: it does so when it has read to
the end. After a reset, an alert or silence the batch is sent again.
"""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from agent.files.named import open_named
from agent.forward.arrival import see_all_arrive
from agent.forward.faults import NotForwarded

CONNECT_TIMEOUT = 10.0  # seconds
TIMEOUT = 30.0
"""Seconds for a whole batch to be taken, and then for the server to close."""


@dataclass(frozen=True, slots=True)
class TlsTrust:
    """The trusted authority, `ca_file` (PEM; None: the system's), and this laptop's own certificate, if asked for.

    `client_key` None: the key is in the same file as the certificate.
    """

    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or newer (RFC 9662), the server's certificate and name verified. NotForwarded for unusable files."""
        if self.client_key is not None and self.client_cert is None:
            raise NotForwarded("forward.client_key is set without forward.client_cert in agent.toml: set both or none")
        try:
            _must_be_files(self.ca_file)
            context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        except (OSError, ssl.SSLError) as fault:
            raise NotForwarded(
                f"forward.ca_file in agent.toml ({self.ca_file}) cannot be used: {_in_words(fault)}. It must be the "
                "school's certificate authority, in PEM."
            ) from fault
        if self.client_cert is not None:
            try:
                _must_be_files(self.client_cert, self.client_key)
                # A passphrase would be asked for on a terminal that is not there.
                context.load_cert_chain(self.client_cert, self.client_key, password=lambda: "")
            except (OSError, ssl.SSLError) as fault:
                raise NotForwarded(
                    f"forward.client_cert and forward.client_key in agent.toml cannot be used: {_in_words(fault)}. "
                    "They must be PEM, belong together, and the key must have no passphrase."
                ) from fault
        return context


def _must_be_files(*paths: Path | None) -> None:
    """OSError for a pipe or device in their place: OpenSSL would wait for it, or read it for ever."""
    for path in paths:
        if path is not None:
            open_named(path).close()


def hand_over(host: str, port: int, trust: TlsTrust, content: bytes) -> None:
    """Send `content` and confirm that it was accepted. NotForwarded, with the reason, if that is not certain."""
    where = f"{host}:{port}"
    context = trust.context()
    try:
        with socket.create_connection((host, port), CONNECT_TIMEOUT) as plain:
            plain.settimeout(TIMEOUT)
            with context.wrap_socket(plain, server_hostname=host) as connection:
                connection.sendall(content)
                _close_both_sides(connection)
    except ssl.SSLCertVerificationError as fault:
        raise NotForwarded(
            f"The certificate of {where} was refused: {fault.verify_message.rstrip('.')}. Nothing was sent to it. Let "
            "IT check the server and forward.ca_file in agent.toml."
        ) from fault
    except TimeoutError as fault:
        raise NotForwarded(f"{where} did not answer in time.") from fault
    except (ConnectionResetError, BrokenPipeError) as fault:
        raise NotForwarded(
            f"{where} closed the connection before it had read everything. If that continues, read the server's own "
            "log: it may ask for a certificate that it knows (forward.client_cert in agent.toml)."
        ) from fault
    except OSError as fault:  # ssl.SSLError is one
        raise NotForwarded(f"{where} did not take the entries: {_in_words(fault)}.") from fault


def _close_both_sides(connection: ssl.SSLSocket) -> None:
    """Return when the server has read everything and closed; OSError if it has not."""
    try:
        connection.unwrap()
    except ssl.SSLEOFError:
        pass  # closed without close_notify, as rsyslog does; a reset is another error
    except OSError as fault:
        if fault.errno != 0 or isinstance(fault, ssl.SSLError):
            raise  # with errno 0 this is Python's older way to say the same
    see_all_arrive(connection, TIMEOUT)


def _in_words(fault: OSError) -> str:
    if isinstance(fault, ssl.SSLError) and fault.reason:
        return fault.reason.lower().replace("_", " ")
    return fault.strerror or str(fault) or type(fault).__name__
