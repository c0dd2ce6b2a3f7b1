"""The text of a checkpoint: one spelling, which `ssh-keygen` verifies after it was cut in two by a shell."""

import base64
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.run.signing_keys import list_signers, make_key

from console.domain.ledger.checkpoint import (
    TEXT_LIMIT,
    Checkpoint,
    CheckpointFormError,
    CheckpointKind,
    moment,
    read_checkpoint,
)
from console.domain.ledger.signature import NAMESPACE, RUN_NAMESPACE, armor

LOG, RUN = "01JE000000000000000000000A", "01JE000000000000000000000B"
LAST_MS = 253_402_300_799_999


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _signature(key: bytes = b"key", namespace: str = RUN_NAMESPACE, rest: bytes = b"") -> str:
    """Return something in the form of an SSH signature, which no key made."""
    data = b"SSHSIG" + (1).to_bytes(4, "big") + _string(key) + _string(namespace.encode()) + rest
    return base64.b64encode(data).decode()


PLAIN = Checkpoint(LOG, RUN, 12, "ab" * 32, 1_790_000_000_001)
SIGNED = PLAIN.signed(_signature(rest=b"x" * 200))

_ids = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=25, max_size=25).map("0".__add__)
_signatures = st.builds(_signature, key=st.binary(max_size=80), rest=st.binary(max_size=600))


@given(
    st.builds(
        Checkpoint,
        log_id=_ids,
        run_id=_ids,
        count=st.integers(1, 2**53 - 1),
        head=st.text("0123456789abcdef", min_size=64, max_size=64),
        at_ms=st.integers(0, LAST_MS),
        kind=st.sampled_from(CheckpointKind),
        signature=st.none() | _signatures,
    )
)
def test_every_checkpoint_is_read_from_its_text(made: Checkpoint) -> None:
    assert read_checkpoint(made.text) == made


@given(st.integers(0, len(SIGNED.text) - 1), st.characters(codec="utf-8"))
def test_a_text_with_another_character_is_another_checkpoint_or_none(place: int, character: str) -> None:
    text = SIGNED.text[:place] + character + SIGNED.text[place + 1 :]
    try:
        read = read_checkpoint(text)
    except CheckpointFormError:
        return
    assert (read == SIGNED) == (text == SIGNED.text)
    assert read.text == text


def test_times_at_the_ends_of_their_range_keep_their_last_millisecond() -> None:
    assert moment(0) == "1970-01-01T00:00:00.000Z"
    assert moment(LAST_MS) == "9999-12-31T23:59:59.999Z"
    with pytest.raises(ValueError, match="year 9999"):
        replace(PLAIN, at_ms=LAST_MS + 1)


def _field(name: str, value: str) -> Callable[[str], str]:
    """Return a change of one line of a text."""

    def change(text: str) -> str:
        lines = [f"{name} {value}" if line.startswith(f"{name} ") else line for line in text.split("\n")]
        return "\n".join(lines)

    return change


def _order(first: int, second: int) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = text.split("\n")
        lines[first], lines[second] = lines[second], lines[first]
        return "\n".join(lines)

    return change


MALFORMED: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "no last line feed": lambda text: text.removesuffix("\n"),
    "a line more after it": lambda text: text + "\n",
    "words after it": lambda text: text + "approved\n",
    "a blank line before it": lambda text: "\n" + text,
    "a byte order mark": lambda text: "\ufeff" + text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CRLF in the signature": lambda text: text[:250] + text[250:].replace("\n", "\r\n"),
    "tabs": lambda text: text.replace(" ", "\t"),
    "two spaces": lambda text: text.replace(" ", "  ", 1),
    "a space at an end": lambda text: text.replace("\n", " \n", 1),
    "capital names": lambda text: text.replace("count", "Count"),
    "a line twice": lambda text: text.replace(f"run {RUN}\n", f"run {RUN}\nrun {RUN}\n"),
    "a field more": lambda text: text.replace(f"run {RUN}\n", f"run {RUN}\nverdict ready\n"),
    "a field less": lambda text: text.replace(f"log {LOG}\n", ""),
    "another order": _order(2, 3),
    "the namespace last": _order(0, 6),
    "the namespace of decisions": _field("namespace", NAMESPACE),
    "a namespace of others": _field("namespace", "git"),
    "another statement": _field("statement", "decide"),
    "a log that is no ULID": _field("log", LOG.lower()),
    "a run that is a path": _field("run", "../" + RUN),
    "a run in other digits": _field("run", "\u0660" + RUN[1:]),
    "no count": _field("count", ""),
    "count 0": _field("count", "0"),
    "count -1": _field("count", "-1"),
    "count 012": _field("count", "012"),
    "count 1_2": _field("count", "1_2"),
    "count 12.0": _field("count", "12.0"),
    "count in other digits": _field("count", "\u0661\u0662"),
    "count 2**53": _field("count", str(2**53)),
    "a count of 5000 digits": _field("count", "9" * 5000),
    "a short head": _field("head", "ab"),
    "a head in capitals": _field("head", "AB" * 32),
    "a day that does not exist": _field("time", "2026-02-30T00:00:00.000Z"),
    "hour 24": _field("time", "2026-02-01T24:00:00.000Z"),
    "second 60": _field("time", "2026-12-31T23:59:60.000Z"),
    "before 1970": _field("time", "1969-12-31T23:59:59.999Z"),
    "year 0": _field("time", "0000-01-01T00:00:00.000Z"),
    "no milliseconds": _field("time", "2026-02-01T00:00:00Z"),
    "another zone": _field("time", "2026-02-01T00:00:00.000+00:00"),
    "a small z": _field("time", "2026-02-01T00:00:00.000z"),
    "huge": lambda text: text + "x" * TEXT_LIMIT,
}  # fmt: skip
SIGNATURES: dict[str, str] = {
    "one for a decision": armor(_signature(namespace=NAMESPACE)),
    "one for git": armor(_signature(namespace="git")),
    "one that is cut": armor(base64.b64encode(b"SSHSIG" + (1).to_bytes(4, "big") + b"\x00\x00\x00\xff").decode()),
    "one of version 2": armor(base64.b64encode(b"SSHSIG" + (2).to_bytes(4, "big") + _string(b"")).decode()),
    "one too long": armor(_signature(rest=b"x" * 9_000)),
    "two": armor(_signature()) * 2,
    "one after a blank line": "\n" + armor(_signature()),
    "one in longer lines": armor(_signature(rest=b"x" * 200)).replace("\n", "", 2),
    "one of PGP": armor(_signature()).replace("SSH", "PGP"),
    "blank": "\n",
    "spaces": "   ",
    "no base64": armor("*" * 80),
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED)
def test_a_text_that_is_not_spelled_so_is_no_checkpoint(change: Callable[[str], str]) -> None:
    for made in (PLAIN, SIGNED, replace(SIGNED, kind=CheckpointKind.TOMBSTONE)):
        if change(made.text) != made.text:
            with pytest.raises(CheckpointFormError) as raised:
                read_checkpoint(change(made.text))
            assert len(str(raised.value)) < 200


@pytest.mark.parametrize("after", SIGNATURES.values(), ids=SIGNATURES)
def test_what_follows_the_statement_is_one_signature_for_a_run(after: str) -> None:
    with pytest.raises(CheckpointFormError):
        read_checkpoint(PLAIN.text + after)


VERIFY = """
sed '/^-----BEGIN/,$d' given >statement && sed -n '/^-----BEGIN/,$p' given >signature &&
ssh-keygen -Y verify -n gateway-console-run@v1 -f allowed_signers -I ann@example.com -s signature <statement
"""
SIGN = "ssh-keygen -q -Y sign -n gateway-console-run@v1 -f ann <given"


def _shell(command: str, place: Path, given: str) -> subprocess.CompletedProcess[str]:
    (place / "given").write_text(given, newline="")
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=place, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_ssh_keygen_alone_verifies_the_text(tmp_path: Path) -> None:
    list_signers(tmp_path, make_key(tmp_path, "ann"))
    signed = _shell(SIGN, tmp_path, PLAIN.text).stdout
    text = PLAIN.text + signed
    assert read_checkpoint(text).text == text, "what OpenSSH wrote is in our spelling"
    assert _shell(VERIFY, tmp_path, text).returncode == 0
    for changed in (text.replace("count 12", "count 11"), text.replace("checkpoint", "tombstone")):
        assert read_checkpoint(changed).text == changed
        assert _shell(VERIFY, tmp_path, changed).returncode != 0
