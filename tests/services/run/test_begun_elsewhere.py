"""What others of a team wrote into a run's inputs leads to nothing on this machine."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from support.run.desks import Office
from support.run.story import ANN, POLICY, Story

from console.domain.ledger.actor import ActorKind
from console.services.ledger.artifacts import Artifacts
from console.services.ledger.ledger import LedgerError
from console.services.run.beginning import read_inputs
from console.services.run.begun_elsewhere import why_not_stepped
from console.services.run.run_context import RunInputs
from console.services.run.subject import read_root

INPUTS = RunInputs("/repository", ".", (), "p", None, "0" * 64, "", are_checks_confirmed=True)


def test_a_line_of_no_operator_that_names_this_one_starts_no_command_here(tmp_path: Path) -> None:
    office = Office(tmp_path, "http://127.0.0.1:9", "unused")
    office.furnish()
    profile, mine = office.profile(), replace(ANN, host="0" * 12)
    inputs = msgspec.structs.replace(INPUTS, writer_command="sh -c 'touch taken'")
    for kind, begins in ((ActorKind.OPERATOR, ""), (ActorKind.CONSOLE, "ann began this run elsewhere, and its writer")):
        state = Story(POLICY, ANN).state
        state = replace(state, creator=replace(mine, kind=kind))
        why = why_not_stepped(state, inputs, profile, mine, office.environment, is_shared=True)
        assert why.startswith(begins)
        assert bool(why) == bool(begins)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff{", "not what a console writes"),
        (b'{"repository": 1}', "not what a console writes"),
        (msgspec.json.encode(msgspec.structs.replace(INPUTS, directory="../other")), "outside its repository"),
        (msgspec.json.encode(msgspec.structs.replace(INPUTS, directory="/etc")), "outside its repository"),
        (msgspec.json.encode(msgspec.structs.replace(INPUTS, directory="a\0b")), "outside its repository"),
    ],
)
async def test_inputs_that_no_console_writes_are_refused(tmp_path: Path, data: bytes, words: str) -> None:
    artifacts = Artifacts(tmp_path)
    state = Story(POLICY, ANN).state
    assert state.created is not None
    state = replace(state, created=replace(state.created, inputs_sha256=await artifacts.put(data)))
    with pytest.raises(LedgerError, match=words):
        await read_inputs(artifacts, state)
    if "writes" in words:
        with pytest.raises(LedgerError, match=words):
            await read_root(artifacts, state)
    artifacts.close()
