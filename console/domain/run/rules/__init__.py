"""The rules behind a command: what the stepper may report, what a call may cost, and what may be repeated."""
