"""The leak drill: plants canary tokens in a whole working day, and searches for leaks."""
