"""The demo: a sample repository, prepared tasks, and the scenarios that a run of the demo can show."""
