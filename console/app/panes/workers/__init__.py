"""The pane of a team's workers."""
