"""Instructions in the domain: what the gate makes of conflicts, and the hash of what is read."""

import pytest

from console.domain.instructions.conflict import compare_pinned
from console.domain.instructions.source import (
    Conflict,
    ConflictCode,
    InstructionSet,
    InstructionSource,
    Load,
    Tool,
    Weight,
)
from console.view.instruction_sign import conflict_sign


def source(path: str, load: Load = Load.ALWAYS, sha256: str = "aa", size: int = 3) -> InstructionSource:
    return InstructionSource(path, "**", load, sha256, size, size)


def instructions(*sources: InstructionSource, conflicts: tuple[Conflict, ...] = ()) -> InstructionSet:
    return InstructionSet(Tool.CODEX, None, sources, conflicts)


@pytest.mark.parametrize("code", ConflictCode)
def test_every_conflict_says_what_it_means_for_the_gate(code: ConflictCode) -> None:
    found = instructions(conflicts=(conflict := Conflict(code, "words", "AGENTS.md"),))
    assert found.stops is (conflict.weight is not Weight.NOTE)
    assert bool(found.unsettled({conflict.id})) is (conflict.weight is Weight.STOPS)


def test_the_codes_that_the_operator_has_to_look_at_are_these_and_no_others() -> None:
    by_weight = {weight: {code.value for code in ConflictCode if code.weight is weight} for weight in Weight}
    assert by_weight[Weight.ACKNOWLEDGE] == {"I05", "I06", "I11", "I12"}
    assert by_weight[Weight.STOPS] == {"I14", "I15", "I16"}
    assert {code.value for code in ConflictCode if code.is_unsafe} == {"I11", "I12"}


def test_an_acknowledgement_holds_for_one_source() -> None:
    one, other = (Conflict(ConflictCode.NOT_COMMITTED, "words", path) for path in ("AGENTS.md", "api/AGENTS.md"))
    assert instructions(conflicts=(one, other)).unsettled({one.id}) == (other,)


def test_the_effective_hash_moves_with_what_is_read_and_with_nothing_else() -> None:
    base = instructions(source("a"), source("b"))
    same = instructions(
        source("a"), source("c", Load.SHADOWED), source("b"), conflicts=(Conflict(ConflictCode.CUT, ""),)
    )
    assert same.effective_sha256 == base.effective_sha256
    others = (
        instructions(source("b"), source("a")),
        instructions(source("a"), source("b", sha256="bb")),
        instructions(source("a"), source("b", size=2)),
        instructions(source("a")),
    )
    assert len({base.effective_sha256, *(other.effective_sha256 for other in others)}) == 5


def test_what_is_not_read_may_change() -> None:
    pinned = (source("a"), source("b", Load.SHADOWED))
    assert compare_pinned(pinned, (source("a"), source("b", Load.SHADOWED, "cc"))) == ()


def test_another_order_is_a_change() -> None:
    (conflict,) = compare_pinned((source("a"), source("b")), (source("b"), source("a")))
    assert (conflict.code, conflict.path) == (ConflictCode.CHANGED, "")


def test_sources_that_share_a_label_do_not_hide_behind_each_other() -> None:
    pinned = (source("(outside)/x.md", sha256="aa"), source("(outside)/x.md", sha256="bb"))
    assert compare_pinned(pinned, pinned) == ()
    assert len(compare_pinned(pinned, (source("(outside)/x.md", sha256="cc"), pinned[1]))) == 1


def test_every_tool_has_a_name_and_every_weight_a_sign() -> None:
    assert len({tool.product for tool in Tool}) == len(Tool)
    assert len({str(conflict_sign(weight)) for weight in Weight}) == len(Weight)
