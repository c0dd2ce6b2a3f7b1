"""`history`: what the kept facts say over time."""
