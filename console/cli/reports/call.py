"""What a rung's or an agent's call took, and why it was refused, for a person."""

from console.cli import output
from console.domain.errors.category import Classification
from console.domain.money import usd_text
from console.domain.probes.agent_result import AgentResult
from console.domain.probes.ladder import RungResult
from console.view.explanation import reading_lines


def cost_text(result: RungResult | AgentResult) -> str:
    """Return what a call took and the most that it might have taken, to follow its status."""
    tokens = "tokens unknown" if result.tokens is None else f"{result.tokens} tokens"
    price = "price unknown" if result.price_after_microusd is None else usd_text(result.price_after_microusd)
    return f": {tokens}, {price} ({result.price_before})"


def show_refusal(found: Classification) -> None:
    """Write why a call was refused, and what to do."""
    why, *further = reading_lines(found)
    output.write_line(f"      {found.category}: {why}")
    for words in further:
        output.write_line(f"      {words}")
