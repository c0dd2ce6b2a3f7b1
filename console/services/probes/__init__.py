"""Live proof: smoke tests, the ladder of checks, and reading a call as it arrives."""
