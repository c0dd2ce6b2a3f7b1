"""What the screen draws of runs: its events."""
