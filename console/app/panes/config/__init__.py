"""The panes of the config."""
