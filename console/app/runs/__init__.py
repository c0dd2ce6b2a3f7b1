"""Runs on the screen: what reads, steps and decides, between the panes and the run services."""
