"""A coding agent that writes a run's draft: held, without any token, in a copy of the repository of its own."""
