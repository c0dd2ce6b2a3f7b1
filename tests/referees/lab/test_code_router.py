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


async def test_a_model_without_its_providers_name_is_told_with_the_line_that_allows_it(
    operator: Operator, code_router: LabGateway
) -> None:
    """The route calls `provider,model`, and the answer names the model alone: it is the same one, or one can say so."""
    said = (await operator.read(code_router, {M: f"{PREFIX}healthy"}, "smoke")).stdout
    assert "swapped" not in said or 'served_as = ["healthy"]' in said
