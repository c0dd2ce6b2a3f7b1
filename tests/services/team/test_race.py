"""Eight operators decide one gate at once: one is accepted, seven are told who it was, and all consoles hear of it."""

from pathlib import Path

from support.team.racing import operators_at, race
from support.team.stores import Store

NAMES = tuple(f"op{number}" for number in range(8))


async def test_one_of_eight_is_accepted_and_seven_are_told_who(store: Store, tmp_path: Path) -> None:
    async with operators_at(store, NAMES, tmp_path) as operators:
        ended = await race(operators)
    (winner,) = ended.winners
    assert len(ended.refusals) == 7
    assert {str(each).partition(" at gate")[0] for each in ended.refusals} == {
        f"another operator decided first: {winner}"
    }
    assert {each.by.id for each in ended.refusals if each.by is not None} == {winner}
    assert len(ended.told_ms) == 7
