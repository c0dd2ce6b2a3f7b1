"""A team's workers on the screen: the bridge to their services."""
