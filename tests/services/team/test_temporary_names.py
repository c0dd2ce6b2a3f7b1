"""A user's temporary tables and types stand in for none of the store's own, whose functions have the owner's rights."""

import psycopg
import pytest
from support.run.story import BEN, POLICY, waiting_at
from support.team.stores import Store, insert, lines_of

from console.domain.run.gate import Gate

_OPERATOR = "CREATE TEMP TABLE operator (LIKE gateway_console.operator); GRANT ALL ON pg_temp.operator TO PUBLIC"
_PRESENCE = """
    CREATE TEMP TABLE ran (by_user text);
    CREATE FUNCTION pg_temp.run_it() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN INSERT INTO pg_temp.ran VALUES (current_user); RETURN NEW; END$$;
    CREATE TEMP TABLE presence (console text PRIMARY KEY, run_id text, name text, host text, database_user text,
        seen_at timestamptz);
    CREATE TRIGGER run_it BEFORE INSERT ON pg_temp.presence FOR EACH ROW EXECUTE FUNCTION pg_temp.run_it();
    GRANT ALL ON pg_temp.presence, pg_temp.ran TO PUBLIC"""
_LOOK = "SELECT gateway_console.look(repeat('0', 32), repeat('0', 26), NULL, 'ann', repeat('0', 12))"


def test_an_empty_list_of_ones_own_does_not_let_ann_write_as_ben(store: Store) -> None:
    store.register("ann", "ben")
    with store.session("ann") as ann:
        ann.execute(_OPERATOR)
        with pytest.raises(psycopg.Error, match="belongs to another database user") as caught:
            insert(ann, *lines_of(waiting_at(Gate.WRITER, POLICY, BEN)))
    assert caught.value.sqlstate == "GC001"


def test_no_code_of_an_operator_runs_with_the_owners_rights(store: Store) -> None:
    with store.session("ann") as ann:
        ann.execute(_PRESENCE)
        ann.execute(_LOOK)
        assert ann.execute("SELECT by_user FROM pg_temp.ran").fetchall() == []


def test_every_function_of_the_store_looks_at_temporary_names_last(store: Store) -> None:
    with store.session() as administrator:
        loose = administrator.execute(
            "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = 'gateway_console'::regnamespace"
            " AND coalesce(array_to_string(proconfig, ';'), '') !~ 'search_path=[a-z_, ]+, pg_temp(;|$)'"
        ).fetchall()
    assert loose == []
