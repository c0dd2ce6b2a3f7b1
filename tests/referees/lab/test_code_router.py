"""The table behind claude-code-router, which translates Messages to Chat Completions and back."""

import pytest
from support.referees.lab.act import C, M
from support.referees.lab.code_router import PREFIX
from support.referees.lab.gateway import LabGateway
from support.referees.lab.operator import Operator
from support.referees.lab.table import CASES, PROVIDER_ACCOUNT, Column, Hidden, try_cell
from support.referees.lab.upstream import Upstream

pytestmark = pytest.mark.referee

HIDDEN = (
    Hidden("elsewhere", "drop"),  # it follows redirects
    Hidden("ends-early", "healthy"),  # it makes up the end
    Hidden("mislabelled", "empty"),  # it looks for events alone
    Hidden("bounced", "family-r"),  # the provider names the family that was called there, not ours
    Hidden("family-m", "bounced"),  # and here ours
)


@pytest.mark.parametrize("case", CASES)
async def test_a_case_is_told_as_it_is(
    case: str, operator: Operator, code_router: LabGateway, upstream: Upstream
) -> None:
    column = Column(code_router, {M: C}, HIDDEN, PREFIX, PROVIDER_ACCOUNT, drops_wait=(M,))
    await try_cell(operator, column, upstream, case)
