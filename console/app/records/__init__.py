"""Records on the screen: what reads, verifies and exports them, between the panes and the record services."""
