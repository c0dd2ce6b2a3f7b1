"""The tables of facts on this machine: those that come with the console, and those that the operator installed."""
