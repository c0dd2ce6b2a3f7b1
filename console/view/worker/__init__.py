"""Workers in words, for both faces."""
