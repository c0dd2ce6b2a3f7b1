"""The rules of a team: what waits for whom, and what is told of a run. Pure."""
