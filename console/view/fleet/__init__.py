"""The fleet as it is shown, the same in both faces."""
