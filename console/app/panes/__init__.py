"""Panes: functions from state to lines."""
