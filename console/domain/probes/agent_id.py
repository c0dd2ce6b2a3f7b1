"""The ids of the recorded agents, for a command line that reads no recording until it needs one."""

CLAUDE_CODE = "claude-code"
AGENT_IDS = (CLAUDE_CODE, "codex", "copilot", "opencode")
