"""The panes of the records screen."""
