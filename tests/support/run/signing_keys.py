"""Real SSH keys of operators, made by `ssh-keygen`, and the policies that name them."""

import subprocess
from pathlib import Path


def make_key(place: Path, name: str, passphrase: str = "") -> Path:
    """Make a key pair; return its public key file."""
    private = place / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", f"{name}@example.com", "-f", str(private)]
    subprocess.run(command, check=True, capture_output=True)
    return private.with_name(f"{name}.pub")


def list_signers(place: Path, *keys: Path) -> Path:
    """Write the list of those whose signatures count."""
    signers = place / "allowed_signers"
    signers.write_text("".join(f"{key.stem}@example.com {key.read_text()}" for key in keys))
    return signers


def four_eyes(key: Path, signers: Path) -> str:
    """Return the policy of an operator, in TOML."""
    return f'four_eyes = true\noperator_key = "{key}"\nallowed_signers = "{signers}"'
