"""The ids of the recorded agents, for a command line that reads no recording until it needs one."""

CLAUDE_CODE = "claude-code"
AGENT_IDS = (CLAUDE_CODE, "codex", "copilot", "opencode")
PROVED = ("codex", CLAUDE_CODE, "copilot", "gemini", "opencode")
"""The agents whose programs `prove` runs; Gemini CLI speaks none of the families, so no call of it is recorded."""
