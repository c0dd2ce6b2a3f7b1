"""The widgets that show and take text: lines, line panes, typed lines."""
