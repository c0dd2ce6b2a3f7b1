"""The panes of the history screen."""
