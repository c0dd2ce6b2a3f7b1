"""Workers as text, for both faces."""
