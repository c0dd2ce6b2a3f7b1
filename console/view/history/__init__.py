"""The history as it is shown, in both faces."""
