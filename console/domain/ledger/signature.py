"""Signatures: the statements that an operator signs, and the format of OpenSSH signatures.

Under a four-eyes policy a name proves nothing, because a public key is not a secret. So the operators who begin a run
and decide in it sign a statement with their private keys, and anyone can verify it with `ssh-keygen -Y verify` and a
list of signers. The format is https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig, read 2026-12-01.
"""

import base64
import hashlib
import textwrap

NAMESPACE = "gateway-console-decision@v1"
"""The SSHSIG namespace; it keeps a signature for a decision from being valid for anything else."""
RUN_NAMESPACE = "gateway-console-run@v1"
"""The namespace of signatures for a whole run: of its checkpoints, its tombstone and its exports."""

_MAGIC = b"SSHSIG"
_VERSION = 1
ARMOR_BEGINS = "-----BEGIN SSH SIGNATURE-----"
"""The first line of a signature as `ssh-keygen` writes it."""
_END = "-----END SSH SIGNATURE-----"
_LIMIT = 8_192
_LINE = 70


class SignatureFormError(ValueError):
    """A text is not a signature by this console; the message contains nothing of the text."""


def begin_statement(run_id: str, created: bytes) -> bytes:
    """Return the statement that an operator signs to begin a run.

    Args:
        run_id: The run's id.
        created: Its first event, as stored in the ledger.

    """
    return _statement("begin", run_id, event=hashlib.sha256(created).hexdigest())


def decision_statement(  # one argument a line of the statement
    run_id: str, head: str, *, gate: str, attempt: int, verdict: str, artifact_sha256: str | None, reason: str
) -> bytes:
    """Return the statement that an operator signs to decide at a gate.

    Args:
        run_id: The run's id.
        head: The hash of the run's newest line, which covers everything before it.
        gate: The gate of the decision.
        attempt: The number of the writer pass, or of the plan.
        verdict: The verdict.
        artifact_sha256: The artifact it is about; None if the gate has none.
        reason: The reason, as stored.

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


def read_armor(text: str, namespace: str = NAMESPACE) -> str:
    """Return the base64 of an `ssh-keygen` signature in one line.

    Args:
        text: The signature as `ssh-keygen -Y sign` writes it.
        namespace: What it has to be for.

    Raises:
        SignatureFormError: It is not a signature, or is one for something else.

    """
    stripped = text.strip()
    if not stripped.startswith(ARMOR_BEGINS) or not stripped.endswith(_END):
        raise SignatureFormError("not an OpenSSH signature")
    kept = "".join(stripped.removeprefix(ARMOR_BEGINS).removesuffix(_END).split())
    signer_of(kept, namespace)
    return kept


def armor(signature: str) -> str:
    """Return a signature in the form that `ssh-keygen -Y verify` reads."""
    return "\n".join((ARMOR_BEGINS, *textwrap.wrap(signature, _LINE), _END, ""))


def signer_of(signature: str, namespace: str = NAMESPACE) -> str:
    """Return the fingerprint of a signature's key, as `ssh-keygen -l` shows it. Nothing is verified.

    Args:
        signature: In base64 and one line.
        namespace: What it has to be for.

    Raises:
        SignatureFormError: It is not a signature for that.

    """
    key = key_of_signature(signature, namespace)
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def key_of_signature(signature: str, namespace: str = NAMESPACE) -> bytes:
    """Return the public key in a signature, as SSH writes it. Raises as `signer_of` does."""
    try:
        data = base64.b64decode(signature, validate=True) if len(signature) <= _LIMIT else b""
    except ValueError:
        data = b""
    if data[:6] != _MAGIC or int.from_bytes(data[6:10], "big") != _VERSION:
        raise SignatureFormError("not an OpenSSH signature")
    key, rest = _string(data[10:])
    signed, _ = _string(rest)
    if signed != namespace.encode():
        raise SignatureFormError(f"not a signature in the namespace {namespace}")
    return key


def _string(data: bytes) -> tuple[bytes, bytes]:
    """Return an SSH string, which is prefixed with its length, and the rest of the data."""
    length = int.from_bytes(data[:4], "big")
    if len(data) < 4 + length:
        raise SignatureFormError("the signature is truncated")
    return data[4 : 4 + length], data[4 + length :]
