"""Certificates for loopback servers, made when a test needs them."""

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate that is its own authority."""

    path: Path
    """The certificate alone, in PEM form: a CA file."""
    server: ssl.SSLContext


def make_certificate(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    valid_for: datetime.timedelta = DAY,
    common_name: str = "gateway-console test",
    has_alternative: bool = True,
) -> Certificate:
    """Make a certificate; a negative `valid_for` makes one that has run out."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    end = datetime.datetime.now(datetime.UTC) + valid_for
    alternative = x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - 30 * DAY)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if has_alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    path, key_path = folder / "ca.pem", folder / "key.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path, key_path)
    return Certificate(path, server)
