"""Four eyes: what an operator begins and decides is signed, by a real ssh-keygen, and anybody can verify it."""

import subprocess
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from support.ledger.ledgers import new_id
from support.run.desks import Office, say, walk_to
from support.run.signing_keys import four_eyes, list_signers, make_key

from console.domain.ledger.line import NewLine
from console.domain.ledger.signature import NAMESPACE, armor, decision_statement, signer_of
from console.domain.run.decide import waits_for
from console.domain.run.event import GateDecided, InstructionPinned, OperatorSigned, RunEvent
from console.domain.run.gate import GateVerdict
from console.domain.run.refusal import RefusalCode
from console.domain.run.state import Phase, RunStatus
from console.services.config.settings import PolicySettings
from console.services.ledger.codec import encode_event, kind_of
from console.services.record.signing import Signers, SigningError, sign, verify
from console.services.record.verify_chain import Against, verify_run
from console.services.run.beginning import BeginError
from console.services.run.opening import Operators, operator_of
from console.services.run.run_context import RunContext
from console.services.run.run_log import RunLog, RunRefusedError, summary_of


class Keys:
    """Ann, Ben and Cat have keys; Cat's is on no list."""

    def __init__(self, office: Office, place: Path) -> None:
        self.office = office
        self.ann, self.ben, self.cat = (make_key(place, name) for name in ("ann", "ben", "cat"))
        self.signers = list_signers(place, self.ann, self.ben)

    def sits_down(self, key: Path) -> None:
        """Let the config be the one of an operator."""
        self.office.configure(policy=four_eyes(key, self.signers))

    def desk(self) -> AbstractAsyncContextManager[RunContext]:
        return self.office.desk(operator_of(self.office.profile()))


@pytest.fixture
def keys(office: Office, tmp_path: Path) -> Keys:
    place = tmp_path / "keys"
    place.mkdir()
    return Keys(office, place)


async def test_two_operators_seal_a_candidate_and_every_signature_verifies(keys: Keys) -> None:
    keys.sits_down(keys.ann)
    async with keys.desk() as desk:
        log = await keys.office.begin(desk)
        await walk_to(desk, log, "candidate", Phase.WAITING)
        with pytest.raises(RunRefusedError, match="an operator who neither") as refused:
            await say(desk, log)
        assert refused.value.refusal.code is RefusalCode.FOUR_EYES
    keys.sits_down(keys.ben)
    async with keys.desk() as desk:
        log = await RunLog.open(desk.ledger, log.state.run_id)
        await say(desk, log)
        verified = await verify_run(desk.ledger, log.state.run_id, Against(Signers(keys.signers), desk.environment))
        unknown = await verify_run(desk.ledger, log.state.run_id, Against())
        await _verifies_without_us(log, keys)
        only_ann = list_signers(keys.cat.parent, keys.ann)
        doubted = await verify_run(desk.ledger, log.state.run_id, Against(Signers(only_ann), desk.environment))
    assert log.state.status is RunStatus.CLOSED
    assert log.state.sealed is not None
    assert log.state.sealed.four_eyes
    assert (verified.holds, verified.signatures) == (True, 15)  # the beginning, seven decisions and their checkpoints
    assert (unknown.holds, unknown.signatures, unknown.unverified) == (True, 0, 15)
    not_listed = f"the key that signed is not in {only_ann}; list there everyone who may decide"
    decision, checkpoint = (fault.words for fault in doubted.faults)  # Ben made the last of each
    assert decision == not_listed
    assert checkpoint.endswith(f": {not_listed}")


async def test_a_candidate_waits_for_an_operator_who_did_not_pass_its_draft(keys: Keys) -> None:
    keys.sits_down(keys.ann)
    async with keys.desk() as desk:
        log = await keys.office.begin(desk)
        await walk_to(desk, log, "writer", Phase.WAITING)
        assert await _waits_for(desk, log, keys)
        await walk_to(desk, log, "candidate", Phase.WAITING)
        assert not await _waits_for(desk, log, keys)
        keys.sits_down(keys.ben)
        assert await _waits_for(desk, log, keys)
        await say(desk, log, GateVerdict.BLOCK)
        assert not await _waits_for(desk, log, keys)


async def _waits_for(desk: RunContext, log: RunLog, keys: Keys) -> bool:
    """Return whether the run waits for the one who sits here now; what the list's own profile says does not matter."""
    another = replace(keys.office.profile(), policy=PolicySettings())
    return waits_for(log.state, await Operators(desk.artifacts, another, desk.environment).of(log.state))


async def _verifies_without_us(log: RunLog, keys: Keys) -> None:
    """Verify the last decision with OpenSSH alone, from what the record says."""
    last = log.state.decisions[-1]
    assert last.signed is not None
    said = last.decided
    statement = decision_statement(
        log.state.run_id,
        said.saw,
        gate="candidate",
        attempt=1,
        verdict="ready",
        artifact_sha256=said.artifact_sha256,
        reason=said.reason,
    )
    signature = keys.cat.with_name("signature")
    signature.write_text(armor(last.signed.signature))
    command = ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-f", keys.signers, "-I", "ben@example.com"]
    done = subprocess.run([*command, "-s", signature], input=statement, capture_output=True, check=False)
    assert done.returncode == 0, done


async def test_a_colleagues_public_key_signs_nothing(keys: Keys) -> None:
    """One person began the run, and names a colleague's key, which is on any forge."""
    keys.sits_down(keys.ann)
    async with keys.desk() as desk:
        log = await keys.office.begin(desk)
        await walk_to(desk, log, "candidate", Phase.WAITING)
    public = keys.ben.parent / "from-the-forge.pub"
    public.write_text(keys.ben.read_text())
    keys.sits_down(public)
    async with keys.desk() as desk:
        log = await RunLog.open(desk.ledger, log.state.run_id)
        before = log.state.head
        with pytest.raises(
            RunRefusedError, match=r"nothing was signed: .* has no private key for .* ssh-add"
        ) as refused:
            await say(desk, log)
        assert refused.value.refusal.code is RefusalCode.FOUR_EYES
        assert (await log.refresh()).head == before
        await say(desk, log, GateVerdict.BLOCK)  # anybody may block
    assert log.state.status is RunStatus.BLOCKED


async def test_nobody_begins_a_run_in_anothers_name(keys: Keys) -> None:
    public = keys.ben.parent / "from-the-forge.pub"
    public.write_text(keys.ben.read_text())
    for key, words in ((public, "nothing was signed"), (keys.cat, "is not in")):
        keys.sits_down(key)
        async with keys.desk() as desk:
            with pytest.raises(BeginError, match=words):
                await keys.office.begin(desk)
            assert await desk.ledger.runs(10) == ()
    keys.office.configure(policy="four_eyes = true")
    async with keys.office.desk() as desk:
        with pytest.raises(BeginError, match="needs operator_key and allowed_signers"):
            await keys.office.begin(desk)


async def test_a_decision_that_was_written_without_a_signature_does_not_verify(keys: Keys) -> None:
    """Whoever can write the ledger can write a chain that holds; a signature they cannot write."""
    keys.sits_down(keys.ann)
    async with keys.desk() as desk:
        log = await keys.office.begin(desk)
        await walk_to(desk, log, "instruction", Phase.WAITING)
        state = log.state
        decided = GateDecided(state.gate, 1, GateVerdict.READY, "", False, False, state.head, None)
        pinned = next(each.event for each in log.entries if isinstance(each.event, InstructionPinned))
        signed = await sign(b"another statement", keys.ben, desk.environment)
        forged = OperatorSigned(signer_of(signed), signed, "0" * 64)
        named = replace(forged, key_fingerprint="SHA256:" + "A" * 43)
        of_another_head = "what was signed is not the run as these lines have it"
        for events, *words in (
            ([decided], "the policy requires two operators: this decision has to be signed"),
            ([pinned, decided], "instruction pinned cannot follow here: the gate instruction source is waiting"),
            ([forged, decided], of_another_head, f"the signature is not valid for ben@example.com of {keys.signers}"),
            ([named, decided], of_another_head, "the signature is not by the key that the line names"),
        ):
            twin = await _written(desk, log, events)
            verified = await verify_run(desk.ledger, twin, Against(Signers(keys.signers), desk.environment))
            assert [fault.words for fault in verified.faults] == [
                "the policy requires four eyes, but the beginning of the run is not signed",
                *words,
            ]


async def _written(desk: RunContext, log: RunLog, events: list[RunEvent]) -> str:
    """Write a run of the same beginning, and lines that no rule of a run was asked about."""
    run_id = new_id()
    old = await desk.ledger.read(log.state.run_id)
    kept = [
        NewLine(line.kind, line.gate, line.attempt, line.body, line.call_id)
        for line in old
        if line.kind != "OperatorSigned"
    ]
    lines = [*kept, *(NewLine(kind_of(each), "instruction", 1, encode_event(each), None) for each in events)]
    await desk.ledger.create(run_id, lines, actor=desk.operator, summary=replace(summary_of(log.state), run_id=run_id))
    return run_id


async def test_what_is_no_list_of_signers_is_said(tmp_path: Path) -> None:
    key = make_key(tmp_path, "ann")
    environment = {"PATH": "/usr/bin:/bin"}
    signature = await sign(b"a statement", key, environment)
    for name, data, words in (
        ("absent", None, "cannot be read: No such file"),
        ("empty", b"", "is not in"),
        ("large", b"#" * 1_000_001, "is larger than 1000000 bytes"),
        ("key-alone", key.read_bytes(), "is not in"),
    ):
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(SigningError, match=words):
            await verify(b"a statement", signature, Signers(path), environment)
