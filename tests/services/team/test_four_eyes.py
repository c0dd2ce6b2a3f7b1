"""The database holds every line to its operator and a policy for two of them to two, also against raw SQL."""

from collections.abc import Sequence
from dataclasses import replace

import psycopg
import pytest
from support.run.story import ANN, BEN, BLOCK, MACHINE, POLICY, READY, TYPED, Story, hashed, signature_by, waiting_at
from support.team.stores import Store, insert, line_of, lines_of

from console.domain.ledger.actor import Actor
from console.domain.ledger.line import Line
from console.domain.run.event import CandidateSealed, GateDecided, OperatorSigned, RunClosed, RunEvent
from console.domain.run.gate import Gate, GateVerdict

IDENTITY, TWO = "GC001", "GC002"
_FOUR = replace(POLICY, four_eyes=True)


@pytest.fixture
def waiting() -> Story:
    """Return a run under a policy for two that waits at its last gate; Ann began it and passed its draft."""
    return waiting_at(Gate.CANDIDATE, _FOUR)


def signed(by: str) -> OperatorSigned:
    story = Story(_FOUR)
    assert story.state.begun is not None
    signature = signature_by(by)
    key = {"ann": ANN, "ben": BEN}[by].key_fingerprint
    assert key is not None
    return OperatorSigned(key, signature, hashed("signers"))


def decided(story: Story, verdict: GateVerdict = READY, *, is_machine: bool = False) -> GateDecided:
    state = story.state
    return GateDecided(state.gate, state.attempt, verdict, TYPED, is_machine, False, state.head, state.subject_sha256)


def following(story: Story, actor: Actor, *events: RunEvent) -> Sequence[Line]:
    lines, before = [], lines_of(story)[-1]
    for event in events:
        place = {} if hasattr(event, "gate") else {"gate": story.state.gate.value}
        before = line_of(event, actor, before, story.state.run_id, **place)
        lines.append(before)
    return lines


def refused(store: Store, user: str, lines: Sequence[Line]) -> tuple[str, str]:
    """Return how the database refuses lines, of which it has stored none then."""
    with store.session(user) as session:
        before = session.execute("SELECT count(*) FROM gateway_console.line").fetchone()
        with pytest.raises(psycopg.Error) as caught:
            insert(session, *lines)
        assert session.execute("SELECT count(*) FROM gateway_console.line").fetchone() == before
    return caught.value.sqlstate or "", str(caught.value.diag.message_primary)


def test_one_operator_does_not_pass_the_last_gate_alone_and_another_one_does(store: Store, waiting: Story) -> None:
    store.register("ann", "ben")
    sealed = (CandidateSealed(waiting.state.subject_sha256 or "", True), RunClosed())
    with store.session("ann") as ann:
        insert(ann, *lines_of(waiting))
    for user, actor, by in (("ann", ANN, "ann"), ("ben", ANN, "ann"), ("ann", BEN, "ben")):
        code, words = refused(store, user, following(waiting, actor, signed(by), decided(waiting), *sealed))
        assert code == (TWO if user == actor.id else IDENTITY), words
    assert refused(store, "ben", following(waiting, BEN, decided(waiting)))[0] == TWO
    assert refused(store, "ben", following(waiting, MACHINE, decided(waiting, is_machine=True)))[0] == TWO
    assert refused(store, "ben", following(waiting, BEN, sealed[0]))[0] == TWO
    with store.session("ben") as ben:
        insert(ben, *following(waiting, BEN, signed("ben"), decided(waiting), *sealed))


def test_two_keys_of_one_person_are_one_operator(store: Store, waiting: Story) -> None:
    store.register("ann", "ben")
    with store.session("ann") as ann:
        insert(ann, *lines_of(waiting))
    with store.session() as administrator:  # Ann's second key; it is Ben's here, under her database user
        administrator.execute("ALTER TABLE gateway_console.operator DISABLE TRIGGER USER")
        administrator.execute(
            "UPDATE gateway_console.operator SET database_user = %s WHERE name = 'ben'", (store.user("ann"),)
        )
    code, words = refused(store, "ann", following(waiting, BEN, signed("ben"), decided(waiting)))
    assert (code, "neither began the run" in words) == (TWO, True)


def test_without_registered_operators_keys_alone_are_told_apart(store: Store, waiting: Story) -> None:
    with store.session("ann") as ann:
        insert(ann, *lines_of(waiting))
        insert(ann, *following(waiting, BEN, signed("ben"), decided(waiting)))


def test_anyone_may_block_and_no_signature_is_needed_for_that(store: Store, waiting: Story) -> None:
    store.register("ann", "ben")
    with store.session("ann") as ann:
        insert(ann, *lines_of(waiting))
        insert(ann, *following(waiting, ANN, decided(waiting, BLOCK)))


@pytest.mark.parametrize(
    ("actor", "event", "code"),
    [
        (replace(ANN, key_fingerprint=None), None, IDENTITY),
        (replace(ANN, id="ben"), None, IDENTITY),
        (MACHINE, None, IDENTITY),
        (ANN, OperatorSigned(ANN.key_fingerprint or "", signature_by("ben"), hashed("signers")), TWO),
        (ANN, OperatorSigned(BEN.key_fingerprint or "", signature_by("ben"), hashed("signers")), TWO),
    ],
)
def test_a_line_names_who_wrote_it_or_is_refused(store: Store, actor: Actor, event: RunEvent | None, code: str) -> None:
    store.register("ann", "ben")
    story = waiting_at(Gate.REVIEWER)
    with store.session("ann") as ann:
        insert(ann, *lines_of(story))
    assert refused(store, "ann", following(story, actor, event or decided(story)))[0] == code


def test_a_revoked_key_writes_nothing_more_and_is_never_valid_again(store: Store) -> None:
    store.register("ann", "ben")
    story = waiting_at(Gate.REVIEWER)
    with store.session("ann") as ann, store.session() as administrator:
        insert(ann, *lines_of(story))
        administrator.execute("UPDATE gateway_console.operator SET revoked_at = now() WHERE name = 'ann'")
        code, words = refused(store, "ann", following(story, ANN, decided(story)))
        assert (code, "was revoked on" in words) == (IDENTITY, True)
        for change in ("UPDATE gateway_console.operator SET revoked_at = NULL", "DELETE FROM gateway_console.operator"):
            with pytest.raises(psycopg.Error, match="never changed or deleted"):
                administrator.execute(change)
        for change in (
            "UPDATE gateway_console.operator SET revoked_at = NULL",
            "DELETE FROM gateway_console.operator",
            "INSERT INTO gateway_console.decision_author VALUES ('01J0000000000000000000000A', 1, 'ben')",
            "SET gateway_console.copying = 'on'; INSERT INTO gateway_console.presence"
            " VALUES (repeat('a', 32), '01J0000000000000000000000A', 'ben', repeat('0', 12), 'ben', now())",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ann.execute(change)
        ann.execute("SET gateway_console.copying = 'on'")  # it is the owner's alone
        with pytest.raises(psycopg.Error, match="was revoked on"):
            insert(ann, *following(story, ANN, decided(story)))
