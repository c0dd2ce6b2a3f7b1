"""The gate pane: what a gate's decision is about, what our code computed, and what was decided."""
