"""Signatures: what an operator signs of a run, and the form of what OpenSSH makes of it.

Where a policy wants four eyes, a name proves nothing: a public key is no secret. So who begins a run and who decides in
it signs a statement with the private key, and anybody can verify it with `ssh-keygen -Y verify` and a list of signers.
The form is https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig, read 2026-12-01.
"""

import base64
import hashlib
import textwrap

NAMESPACE = "gateway-console-decision@v1"
"""What keeps a signature for a decision from being one for anything else."""

_MAGIC = b"SSHSIG"
_VERSION = 1
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_LIMIT = 8_192
_LINE = 70


class SignatureFormError(ValueError):
    """A text is not a signature for a decision; the message holds nothing of it."""


def begin_statement(run_id: str, created: bytes) -> bytes:
    """Return what is signed by who begins a run.

    Args:
        run_id: The run's id.
        created: Its first event, as the ledger keeps it.

    """
    return _statement("begin", run_id, event=hashlib.sha256(created).hexdigest())


def decision_statement(  # one argument a line of the statement
    run_id: str, head: str, *, gate: str, attempt: int, verdict: str, artifact_sha256: str | None, reason: str
) -> bytes:
    """Return what is signed by who decides at a gate.

    Args:
        run_id: The run's id.
        head: The hash of the run's newest line, which stands for all that happened before.
        gate: Where it is decided.
        attempt: The writer pass, or the plan's.
        verdict: What is said.
        artifact_sha256: What it is about; None where a gate is about no artifact.
        reason: Why, as it is kept.

    """
    return _statement(
        "decide",
        run_id,
        head=head,
        gate=gate,
        attempt=str(attempt),
        verdict=verdict,
        artifact=artifact_sha256 or "none",
        reason=hashlib.sha256(reason.encode()).hexdigest(),
    )


def _statement(kind: str, run_id: str, **lines: str) -> bytes:
    named = {"namespace": NAMESPACE, "statement": kind, "run": run_id, **lines}
    return "".join(f"{name} {value}\n" for name, value in named.items()).encode()


def read_armor(text: str) -> str:
    """Return the base64 of a signature as `ssh-keygen` writes it, in one line.

    Raises:
        SignatureFormError: It is none, or one for something else.

    """
    stripped = text.strip()
    if not stripped.startswith(_BEGIN) or not stripped.endswith(_END):
        raise SignatureFormError("no signature of OpenSSH")
    kept = "".join(stripped.removeprefix(_BEGIN).removesuffix(_END).split())
    signer_of(kept)
    return kept


def armor(signature: str) -> str:
    """Return a signature as `ssh-keygen -Y verify` reads it."""
    return "\n".join((_BEGIN, *textwrap.wrap(signature, _LINE), _END, ""))


def signer_of(signature: str) -> str:
    """Return the fingerprint of the key in a signature, as `ssh-keygen -l` shows it. Nothing is verified.

    Raises:
        SignatureFormError: It is no signature for a decision.

    """
    try:
        data = base64.b64decode(signature, validate=True) if len(signature) <= _LIMIT else b""
    except ValueError:
        data = b""
    if data[:6] != _MAGIC or int.from_bytes(data[6:10], "big") != _VERSION:
        raise SignatureFormError("no signature of OpenSSH")
    key, rest = _string(data[10:])
    namespace, _ = _string(rest)
    if namespace != NAMESPACE.encode():
        raise SignatureFormError(f"no signature in the namespace {NAMESPACE}")
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _string(data: bytes) -> tuple[bytes, bytes]:
    """Return a string of SSH's form, which begins with its length, and what follows it."""
    length = int.from_bytes(data[:4], "big")
    if len(data) < 4 + length:
        raise SignatureFormError("a signature that is cut off")
    return data[4 : 4 + length], data[4 + length :]
