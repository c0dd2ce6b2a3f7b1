"""The panes of the fleet's screen."""
