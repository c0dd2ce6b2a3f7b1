"""Signing: the beginnings and decisions of an operator, signed and verified by OpenSSH's own `ssh-keygen`.

`ssh-keygen` reads the private key, or it stays in the operator's agent; it never enters this process.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from console.domain.ledger.signature import NAMESPACE, SignatureFormError, armor, read_armor
from console.domain.problem import Problem, ProblemKind
from console.domain.run.command import SignDecision
from console.domain.text.safe import safe
from console.services.config.settings import PolicySettings
from console.services.system.directories import absolute
from console.services.system.os_reason import os_reason
from console.services.system.process import ChildReport, run_bounded

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
    await verify(statement, signature, signers, environment)
    return SignDecision(signature, signers_sha256)


def key_of(policy: PolicySettings) -> Path | None:
    """Return the operator's public key file; None if the policy names none."""
    return None if policy.operator_key is None else absolute(policy.operator_key, ProblemKind.CONFIG)


def signers_of(policy: PolicySettings) -> Path | None:
    """Return the policy's list of signers; None if it names none."""
    return None if policy.allowed_signers is None else absolute(policy.allowed_signers, ProblemKind.CONFIG)


async def sign(statement: bytes, key: Path, environment: Mapping[str, str], namespace: str = NAMESPACE) -> str:
    """Sign a statement.

    Args:
        statement: What to sign.
        key: The operator's public key file. The private key is in the agent, or in the file next to it without `.pub`.
        environment: Gives PATH, HOME and the agent's socket.
        namespace: What the signature is for.

    Returns:
        The signature, in base64 and one line.

    Raises:
        SigningError: There is no private key, or it needs a passphrase.

    """
    with tempfile.TemporaryDirectory(prefix="gateway-console-sign-") as folder:
        given = _write(Path(folder) / "statement", statement)
        report = await _run(("-Y", "sign", "-n", namespace, "-f", str(key)), environment, given)
    try:
        return (
            read_armor(report.tail.decode("ascii", "replace"), namespace) if report.is_success else _no_private_key(key)
        )
    except SignatureFormError as error:
        raise SigningError(f"ssh-keygen made an unusable signature: {error}") from None


async def verify(statement: bytes, signature: str, signers: Path, environment: Mapping[str, str]) -> None:
    """Verify a signature against a list of signers, in the format of `man ssh-keygen`, ALLOWED SIGNERS.

    Raises:
        SigningError: It is not a signature of this statement by a key on the list, or the list cannot be read.

    """
    shown = safe(str(signers), limit=200)
    read_signers(signers)
    with tempfile.TemporaryDirectory(prefix="gateway-console-verify-") as folder:
        given = _write(Path(folder) / "statement", statement)
        signed = _write(Path(folder) / "signature", armor(signature).encode())
        asked = ("-f", str(signers), "-s", str(signed))
        found = await _run(("-Y", "find-principals", "-n", NAMESPACE, *asked), environment, None)
        names = found.tail.decode(errors="replace").splitlines() if found.is_success else []
        if not names:
            raise SigningError(f"the key that signed is not in {shown}; list there everyone who may decide")
        report = await _run(("-Y", "verify", "-n", NAMESPACE, "-I", names[0], *asked), environment, given)
    if not report.is_success:
        raise SigningError(f"the signature is not valid for {safe(names[0], limit=80)} of {shown}")


def read_signers(path: Path) -> str:
    """Return the hash of a list of signers.

    Raises:
        SigningError: It cannot be read, or is too large.

    """
    shown = safe(str(path), limit=200)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            data = file.read(SIGNERS_BYTES + 1) or b""
    except OSError as error:
        raise SigningError(f"allowed_signers {shown} cannot be read: {os_reason(error)}") from None
    if len(data) > SIGNERS_BYTES:
        raise SigningError(f"allowed_signers {shown} is larger than {SIGNERS_BYTES} bytes")
    return hashlib.sha256(data).hexdigest()


def _no_private_key(key: Path) -> str:
    private = safe(str(key.with_suffix("") if key.suffix == ".pub" else key), limit=200)
    raise SigningError(
        f"nothing was signed: the private key of operator_key {safe(str(key), limit=200)} is neither in the agent nor"
        f" readable without a passphrase; run: ssh-add {private}"
    )


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


async def _run(arguments: tuple[str, ...], environment: Mapping[str, str], given: Path | None) -> ChildReport:
    kept = {name: value for name in _PASSED_ON if (value := environment.get(name))}
    program = shutil.which("ssh-keygen", path=environment.get("PATH", os.defpath))
    if program is None:
        raise SigningError("ssh-keygen is not on PATH, and four_eyes needs it; install OpenSSH's client")
    try:
        return await run_bounded(
            (program, *arguments),
            environment=kept | _SET,
            timeout_s=TIMEOUT_S,
            limit_bytes=_OUTPUT_BYTES,
            given=given,
        )
    except OSError as error:
        raise SigningError(f"ssh-keygen cannot be started: {os_reason(error)}") from None
