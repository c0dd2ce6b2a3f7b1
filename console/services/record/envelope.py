"""DSSE envelopes: bytes of a type, signed together with the name of their type.

The envelope and what is signed, the PAE, are DSSE v1.0.2 (https://github.com/secure-systems-lab/dsse, read 2026-12-02).
The signature in it is an SSHSIG over the PAE, made by `ssh-keygen` with the operator's key: a profile of our own. DSSE
leaves the signature's algorithm open, but its stock tools have none for SSHSIG: they read the envelope, and
`ssh-keygen -Y verify` over the PAE verifies it.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.ledger.signature import RUN_NAMESPACE, signer_of
from console.services.config.settings import PolicySettings
from console.services.record.signing import SigningError, key_of, sign

IN_TOTO = "application/vnd.in-toto+json"
"""The type of an in-toto Statement."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Signed envelopes."""

    text: str
    """JSON lines, one envelope each."""
    key_fingerprint: str


def pae(payload: bytes, payload_type: str = IN_TOTO) -> bytes:
    """Return DSSE's pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


async def signed_bundle(statements: Iterable[bytes], policy: PolicySettings, environment: Mapping[str, str]) -> Bundle:
    """Sign each Statement with the operator's key, and return the envelopes.

    Args:
        statements: The Statements, at least one.
        policy: Names the key.
        environment: Gives PATH, HOME and the agent's socket.

    Raises:
        SigningError: The policy names no key, or nothing can be signed with it.

    """
    key = key_of(policy)
    if key is None:
        raise SigningError(
            "nothing was signed: the profile's policy names no operator_key. Set it to your public key, such as"
            " ~/.ssh/id_ed25519.pub, or use --unsigned"
        )
    signed = [(each, await _signature(each, key, environment)) for each in statements]
    return Bundle("".join(_line(*each) for each in signed), signer_of(signed[0][1], RUN_NAMESPACE))


async def _signature(payload: bytes, key: Path, environment: Mapping[str, str]) -> str:
    return await sign(pae(payload), key, environment, RUN_NAMESPACE)


def _line(payload: bytes, signature: str) -> str:
    """Return an envelope in one line. The signature is SSHSIG's own bytes, and the key's id its fingerprint."""
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": IN_TOTO,
        "signatures": [{"keyid": signer_of(signature, RUN_NAMESPACE), "sig": signature}],
    }
    return json.dumps(envelope, separators=(",", ":")) + "\n"
