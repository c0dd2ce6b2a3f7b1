"""What coding agents are set to call, as their own settings say it."""
