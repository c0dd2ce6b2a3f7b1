"""A key of securesystemslib's that has `ssh-keygen` verify: what a verifier adds to a stock DSSE tool."""

import base64
import subprocess
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key, Signature

BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


class SshsigKey(Key):
    """An operator's SSH key, on a list of allowed signers."""

    def __init__(self, public: Path, signers: Path, place: Path) -> None:
        listed = subprocess.run(["ssh-keygen", "-lf", public], check=True, capture_output=True, text=True).stdout
        super().__init__(listed.split()[1], "ssh", "sshsig", {})
        self._signers, self._place, self._name = signers, place, f"{public.stem}@example.com"

    def verify_signature(self, signature: Signature, data: bytes) -> None:
        file = self._place / "signature"
        text = base64.encodebytes(bytes.fromhex(signature.signature)).decode()
        file.write_text(f"{BEGIN}\n{text}{END}\n")
        command = ["ssh-keygen", "-Y", "verify", "-n", "gateway-console-run@v1", "-f", self._signers, "-I", self._name]
        done = subprocess.run([*command, "-s", file], input=data, capture_output=True, check=False)
        if done.returncode != 0:
            raise UnverifiedSignatureError(done.stdout.decode())

    @classmethod
    def from_dict(cls, keyid: str, key_dict: dict[str, Any]) -> "SshsigKey":
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        raise NotImplementedError
