"""The fleet: the newest state of many profiles, side by side."""
