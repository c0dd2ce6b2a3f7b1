"""Which roles a run needs, and what a profile without them is told."""

import pytest

from console.domain.finding import Severity
from console.domain.routes.role import Role
from console.domain.run.needed_roles import NEEDED, check_roles


def test_a_run_needs_the_roles_of_the_first_writer_pass() -> None:
    assert NEEDED == (Role.PLANNER, Role.WRITER, Role.REVIEWER, Role.CRITIC)


def test_a_profile_with_all_roles_is_told_nothing() -> None:
    assert list(check_roles("p", set(Role), 3, Severity.WARN)) == []
    assert list(check_roles("p", set(NEEDED), 1, Severity.FAIL)) == []


@pytest.mark.parametrize("severity", [Severity.WARN, Severity.FAIL])
def test_missing_roles_are_told_with_the_profile_and_the_tables_to_add(severity: Severity) -> None:
    (finding,) = check_roles("team", {Role.PLANNER, Role.WRITER, Role.FALLBACK}, 1, severity)
    assert (finding.id, finding.severity) == ("PRE-01", severity)
    assert "profile team has no route for reviewer and critic" in finding.message
    assert "[profiles.team.routes.reviewer], [profiles.team.routes.critic]" in finding.message


def test_a_run_that_may_be_revised_is_told_that_it_cannot() -> None:
    (finding,) = check_roles("p", set(NEEDED), 2, Severity.FAIL)
    assert (finding.id, finding.severity) == ("PRE-02", Severity.WARN)
    assert "[profiles.p.routes.revision]" in finding.message
