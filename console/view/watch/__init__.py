"""A watch as text: lines for a person, and metrics for programs."""
