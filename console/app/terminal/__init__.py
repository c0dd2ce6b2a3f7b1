"""The way to the terminal: which cells are written, and when."""
