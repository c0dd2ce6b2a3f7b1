"""The endpoint family and model that serve each role, and the offline checks of a route table."""
