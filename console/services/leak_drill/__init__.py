"""The leak drill: canary tokens planted in a whole working day, and the search for what leaked."""
