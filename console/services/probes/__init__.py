"""Live proof: smoke tests, the ladder of checks, and the reading of a call as it arrives."""
