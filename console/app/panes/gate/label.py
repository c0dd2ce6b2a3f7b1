"""The column of labels in the gate pane."""

LABEL = 14
"""Its width in cells."""
