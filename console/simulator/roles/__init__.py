"""The embedded gateway in the roles of a run, and what it makes a coding agent do; made without a model."""
