"""Signing: what an operator begins, decides and exports, signed and verified by OpenSSH's own `ssh-keygen`.

`ssh-keygen` asks the operator's agent, or reads the private key beside the public one; the key never enters this
process. Nothing is asked on the terminal: a key with a passphrase has to be in the agent.
"""

import asyncio
import base64
import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.domain.ledger.checkpoint import moment
from console.domain.ledger.signature import (
    ARMOR_BEGINS,
    NAMESPACE,
    SignatureFormError,
    armor,
    key_of_signature,
    read_armor,
)
from console.domain.problem import Problem, ProblemKind
from console.domain.run.command import SignDecision
from console.domain.text.safe import safe
from console.services.config.settings import PolicySettings
from console.services.system.directories import absolute
from console.services.system.os_reason import os_reason
from console.services.system.process import ChildEnding, ChildReport, run_bounded

TIMEOUT_S = 60.0
"""The longest that signing may take, in seconds: an agent may ask its user, and a security key needs a touch."""
SIGNERS_BYTES = 1_000_000
"""The most bytes of a list of signers."""
_OUTPUT_BYTES = 65_536
_PASSED_ON = ("PATH", "HOME", "SSH_AUTH_SOCK")
_SET = {"LC_ALL": "C", "SSH_ASKPASS": os.devnull, "SSH_ASKPASS_REQUIRE": "never"}


class SigningError(Problem):
    """Nothing was signed, or a signature is not valid. The message says why and what to do."""

    kind = ProblemKind.USAGE


async def sign_verified(policy: PolicySettings, statement: bytes, environment: Mapping[str, str]) -> SignDecision:
    """Sign a statement with the policy's key, and verify it against the policy's list of signers.

    Raises:
        SigningError: There is no private key, or the key is not on the list.

    """
    signers = signers_of(policy)
    key = key_of(policy)
    if key is None or signers is None:
        raise SigningError(
            "four_eyes needs operator_key and allowed_signers in the policy: who signs, and whose keys count"
        )
    signers_sha256 = read_signers(signers)
    signature = await sign(statement, key, environment)
    await verify(statement, signature, Signers(signers, revoked_of(policy)), environment)
    return SignDecision(signature, signers_sha256)


def key_of(policy: PolicySettings) -> Path | None:
    """Return the operator's public key file; None if the policy names none."""
    return None if policy.operator_key is None else absolute(policy.operator_key, ProblemKind.CONFIG)


def signers_of(policy: PolicySettings) -> Path | None:
    """Return the policy's list of signers; None if it names none."""
    return None if policy.allowed_signers is None else absolute(policy.allowed_signers, ProblemKind.CONFIG)


def revoked_of(policy: PolicySettings) -> Path | None:
    """Return the policy's list of revoked keys; None if it names none."""
    return None if policy.revoked_signers is None else absolute(policy.revoked_signers, ProblemKind.CONFIG)


async def sign(
    statement: bytes,
    key: Path,
    environment: Mapping[str, str],
    namespace: str = NAMESPACE,
    *,
    timeout_s: float = TIMEOUT_S,
) -> str:
    """Sign a statement.

    Args:
        statement: What to sign.
        key: The operator's public key file. The private key is in the agent, or in the file next to it without `.pub`.
        environment: Gives PATH, HOME and the agent's socket.
        namespace: What the signature is for.
        timeout_s: The longest it may take, in seconds.

    Returns:
        The signature, in base64 and one line.

    Raises:
        SigningError: The private key is missing or needs a passphrase, or its security key does not answer.

    """
    with tempfile.TemporaryDirectory(prefix="gateway-console-sign-") as folder:
        given = _write(Path(folder) / "statement", statement)
        asked = ("-Y", "sign", "-n", namespace, "-f", str(key))
        report = await _run(asked, environment, given, is_stderr_kept=True, timeout_s=timeout_s)
    said = report.tail.decode(errors="replace")
    if report.ending is ChildEnding.TIMED_OUT:
        raise SigningError(
            f"nothing was signed: the agent or the security key of {safe(str(key), limit=200)} did not answer within"
            f" {timeout_s:.0f} s; unlock the agent or touch the key, then sign again"
        )
    if not report.is_success:
        raise SigningError(await asyncio.to_thread(_why_not_signed, key, said, environment))
    try:
        return read_armor(said[said.find(ARMOR_BEGINS) :], namespace)
    except SignatureFormError as error:
        raise SigningError(f"ssh-keygen made an unusable signature: {error}") from None


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures count."""

    allowed: Path
    """The list, in the format of `man ssh-keygen`, ALLOWED SIGNERS."""
    revoked: Path | None = None
    """The revoked keys: a list of public keys, or a KRL of `ssh-keygen -k`; None if none are."""


async def verify(
    statement: bytes,
    signature: str,
    signers: Signers,
    environment: Mapping[str, str],
    *,
    namespace: str = NAMESPACE,
    at_ms: int | None = None,
) -> str:
    """Verify a signature, and return the name of who signed, as the list has it.

    Args:
        statement: What was signed.
        signature: In base64 and one line.
        signers: Whose signatures count.
        environment: Gives the PATH to find `ssh-keygen`.
        namespace: What the signature has to be for.
        at_ms: When the key has to be valid, as Unix time in ms; now by default.

    Raises:
        SigningError: It is not a signature of this statement by a key on the list that was valid then and is not
            revoked, or a list cannot be read.

    """
    shown = safe(str(signers.allowed), limit=200)
    require_readable(signers)
    when = () if at_ms is None else (f"-Overify-time={_ssh_time(at_ms)}",)
    revoked = () if signers.revoked is None else ("-r", str(signers.revoked.absolute()))
    with tempfile.TemporaryDirectory(prefix="gateway-console-verify-") as folder:
        given = _write(Path(folder) / "statement", statement)
        signed = _write(Path(folder) / "signature", armor(signature).encode())
        asked = ("-f", str(signers.allowed.absolute()), "-s", str(signed))  # it runs in a directory of its own
        found = await _run(("-Y", "find-principals", "-n", namespace, *when, *asked), environment, None)
        names = found.tail.decode(errors="replace").splitlines() if found.is_success else []
        if not names:
            raise SigningError(_why_not_known(signature, namespace, signers.allowed, at_ms))
        name = safe(names[0], limit=80)
        checked = ("-Y", "verify", "-n", namespace, "-I", names[0], *when, *asked)
        report = await _run((*checked, *revoked), environment, given)
        if not report.is_success and revoked and (await _run(checked, environment, given)).is_success:
            raise SigningError(f"the key of {name} is revoked, in {safe(str(signers.revoked), limit=200)}")
        novalidate = ("-Y", "check-novalidate", "-n", namespace, "-s", str(signed))
        if not report.is_success and (await _run(novalidate, environment, given)).is_success:
            raise SigningError(_why_not_known(signature, namespace, signers.allowed, at_ms))
    if not report.is_success:
        raise SigningError(f"the signature is not valid for {name} of {shown}")
    return name


def read_signers(path: Path) -> str:
    """Return the hash of a list of signers.

    Raises:
        SigningError: It cannot be read, or is too large.

    """
    return hashlib.sha256(_read(path, "allowed_signers")).hexdigest()


def require_readable(signers: Signers) -> None:
    """Refuse lists that cannot be read: they say nothing about a record. Raises `SigningError`."""
    _read(signers.allowed, "allowed_signers")
    if signers.revoked is not None:
        _read(signers.revoked, "revoked_signers")


def _read(path: Path, name: str) -> bytes:
    shown = safe(str(path), limit=200)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            data = file.read(SIGNERS_BYTES + 1) or b""
    except OSError as error:
        raise SigningError(f"{name} {shown} cannot be read: {os_reason(error)}") from None
    if len(data) > SIGNERS_BYTES:
        raise SigningError(f"{name} {shown} is larger than {SIGNERS_BYTES} bytes")
    return data


def _why_not_known(signature: str, namespace: str, allowed: Path, at_ms: int | None) -> str:
    """Return why the list has no one for a signature's key: it is not there, or not for this or then."""
    shown = safe(str(allowed), limit=200)
    key = base64.b64encode(key_of_signature(signature, namespace)).decode()
    lines = allowed.read_text(errors="replace").splitlines()
    if not any(key in line.split()[2:] for line in lines if not line.lstrip().startswith("#")):
        return f"the key that signed is not in {shown}; list there everyone who may decide"
    when = "now" if at_ms is None else f"at {moment(at_ms)}"
    return (
        f"the key that signed is in {shown}, but not valid {when}, or not in the namespace {namespace}: look at its"
        " valid-after, valid-before and namespaces"
    )


def _ssh_time(at_ms: int) -> str:
    """Return a Unix time in ms as `ssh-keygen` reads it, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y%m%d%H%M%SZ")


def _why_not_signed(key: Path, said: str, environment: Mapping[str, str]) -> str:
    """Return why `ssh-keygen` signed nothing, from its own words, and what to do."""
    private = safe(str(key.with_suffix("") if key.suffix == ".pub" else key), limit=200)
    shown = safe(str(key), limit=200)
    said = said.replace(str(key), "").replace(str(key.with_suffix("")), "")  # a path says nothing about the key
    if "load public key" in said:
        why = "is not a public key; name the file whose name ends in .pub" if key.exists() else "does not exist"
        return f"nothing was signed: operator_key {shown} {why}"
    if "device not found" in said or "FIDO" in said:
        return f"nothing was signed: the security key of {shown} is not connected; connect it, then sign again"
    if "agent refused" in said:
        return f"nothing was signed: the agent refused to sign with {shown}; it may have asked you to confirm"
    if "too open" in said or "bad permissions" in said:
        return f"nothing was signed: others can read {private}, so ssh-keygen refuses it; run: chmod 600 {private}"
    agent = _agent_state(environment.get("SSH_AUTH_SOCK", ""))
    if "passphrase" in said:
        return f"nothing was signed: the private key of {shown} has a passphrase, and {agent}; run: ssh-add {private}"
    return f"nothing was signed: {private} has no private key for {shown}, and {agent}; run: ssh-add {private}"


def _agent_state(place: str) -> str:
    """Return whether an agent listens at a socket, for a message."""
    if not place:
        return "no agent runs here (SSH_AUTH_SOCK is not set)"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(place)
        except OSError:
            return "the agent that SSH_AUTH_SOCK names is gone"
    return "the agent does not have it"


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


async def _run(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    given: Path | None,
    *,
    is_stderr_kept: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> ChildReport:
    kept = {name: value for name in _PASSED_ON if (value := environment.get(name))}
    program = shutil.which("ssh-keygen", path=environment.get("PATH", os.defpath))
    if program is None:
        raise SigningError("ssh-keygen is not on PATH, and signatures need it; install OpenSSH's client")
    try:
        return await run_bounded(
            (program, *arguments),
            environment=kept | _SET,
            timeout_s=timeout_s,
            limit_bytes=_OUTPUT_BYTES,
            given=given,
            is_stderr_kept=is_stderr_kept,
        )
    except OSError as error:
        raise SigningError(f"ssh-keygen cannot be started: {os_reason(error)}") from None
