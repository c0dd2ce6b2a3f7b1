"""The leak drill: the console at work with a made-up token, and a search of every byte that it wrote and sent."""
