"""The rehearsal's certificate authorities, certificates and keys. Keys are files of their user alone (mode 0600)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rehearsal.files import write_whole

VALID_FOR = timedelta(days=30)
"""How long certificates hold: longer than anybody keeps a rehearsal."""

CLOCK_SKEW = timedelta(minutes=5)
"""How much before now certificates begin, so that a clock set back a little doesn't break a kept rehearsal."""


@dataclass(frozen=True)
class KeyPair:
    """Where a certificate and its key stand."""

    certificate: Path
    key: Path


KUBELET_AUTHORITY = "kubelet-ca"
"""The authority of the hosts' kubelets. It can vouch for hosts alone, since the process kubelet holds its key."""


class Authority:
    """A certificate authority whose files stand in `directory` under `name`; made anew unless `key` is given."""

    def __init__(self, directory: Path, name: str, *, key: ec.EllipticCurvePrivateKey | None = None) -> None:
        self._directory = directory
        self._key = key or ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"rackwright-rehearsal-{name}")])
        self.files = KeyPair(certificate=directory / f"{name}.crt", key=directory / f"{name}.key")
        if key is None:
            self._write(directory, name)

    @classmethod
    def existing(cls, directory: Path, name: str) -> Self:
        """The authority that another process made there."""
        key = serialization.load_pem_private_key((directory / f"{name}.key").read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{directory / f'{name}.key'} is no key of an authority made here")
        return cls(directory, name, key=key)

    def _write(self, directory: Path, name: str) -> None:
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .add_extension(_key_usage(authority=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        _write_pair(directory, name, certificate, self._key)

    def issue_server(self, name: str, hosts: Sequence[str], *, client_too: bool = False) -> KeyPair:
        """Issue a certificate for a server under these host names and addresses."""
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, *([ExtendedKeyUsageOID.CLIENT_AUTH] if client_too else [])]
        return self._issue(name, common_name=name, groups=(), hosts=hosts, usages=usages)

    def issue_client(self, name: str, *, user: str, groups: Sequence[str] = ()) -> KeyPair:
        """Issue a certificate that authenticates a Kubernetes user (CN) in groups (O)."""
        return self._issue(name, common_name=user, groups=groups, hosts=(), usages=[ExtendedKeyUsageOID.CLIENT_AUTH])

    def _issue(
        self,
        name: str,
        *,
        common_name: str,
        groups: Sequence[str],
        hosts: Sequence[str],
        usages: Sequence[x509.ObjectIdentifier],
    ) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        builder = (
            self._builder(subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
            )
        return _write_pair(self._directory, name, builder.sign(self._key, hashes.SHA256()), key)

    def _builder(self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + VALID_FOR)
        )


def write_service_account_keys(directory: Path) -> KeyPair:
    """Make the key pair that signs and checks service-account tokens; `certificate` is the public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    pair = KeyPair(certificate=directory / "service-accounts.pub", key=directory / "service-accounts.key")
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pair.certificate.write_bytes(public)
    write_whole(pair.key, _pem(key))
    return pair


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(IPv4Address(host) if "." in host else ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _write_pair(directory: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    pair = KeyPair(certificate=directory / f"{name}.crt", key=directory / f"{name}.key")
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    write_whole(pair.key, _pem(key))
    return pair


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
