"""The ids of the recorded agents, for a command line that reads no recording until it needs one."""

CLAUDE_CODE = "claude-code"
AGENT_IDS = (CLAUDE_CODE, "codex", "copilot", "opencode")
PROVED = ("codex", CLAUDE_CODE, "copilot", "gemini", "opencode")
"""The agents whose programs `prove` runs; Gemini CLI speaks none of the families, so no call of it is recorded."""


def agent_id(text: str) -> str:
    """Return the id that a word means: its short name, as the program has it, is as good."""
    return CLAUDE_CODE if text in ("claude", "claude_code") else text
