"""What the panes of the run screen share."""
