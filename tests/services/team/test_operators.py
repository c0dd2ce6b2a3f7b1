"""The list of operators: added by an administrator, named in hand-overs, revoked for good."""

import pytest
from support.run.story import ANN
from support.team.stores import Store, public_key

from console.domain.problem import ProblemKind
from console.domain.tokens.secret import Secret
from console.services.ledger.postgres.database import Database
from console.services.team.operators import OperatorRefusedError, add_operator, read_operators, revoke_operator


async def test_an_administrator_adds_and_revokes_and_the_list_says_who_may_act(store: Store) -> None:
    async with await Database.open(store.postgres.secret) as database:
        assert not (await read_operators(database)).is_enforced
        assert await add_operator(database, "ann", store.user("ann"), public_key("ann")) == ""
        assert "CREATE ROLE" in await add_operator(database, "ben", 'be"n; DROP', public_key("ben"))
        with pytest.raises(OperatorRefusedError, match="one person each"):
            await add_operator(database, "ann", "another", public_key("cat"))
        with pytest.raises(OperatorRefusedError, match="is in the list already"):
            await add_operator(database, "ann", store.user("ann"), public_key("ann"))
        with pytest.raises(OperatorRefusedError, match="letters, digits"):
            await add_operator(database, "a'nn", store.user("ann"), public_key("cat"))
        listed = await read_operators(database)
        assert (listed.names, listed.key_of("ann")) == (("ann", "ben"), ANN.key_fingerprint)
        assert await revoke_operator(database, "ann") == (ANN.key_fingerprint,)
        with pytest.raises(OperatorRefusedError, match="ann is not an operator of this store; its operators: ben"):
            (await read_operators(database)).key_of("ann")
        with pytest.raises(OperatorRefusedError, match="has no valid key"):
            await revoke_operator(database, "ann")


async def test_an_operator_changes_no_operators_and_is_told_who_does(store: Store) -> None:
    url = store.postgres.server.url(store.postgres.name, store.user("ann"), "password-ann")
    async with await Database.open(Secret(url)) as database:
        with pytest.raises(OperatorRefusedError, match="run the same command with the URL of admin") as caught:
            await add_operator(database, "ann", store.user("ann"), public_key("ann"))
        assert caught.value.kind is ProblemKind.REFUSED
