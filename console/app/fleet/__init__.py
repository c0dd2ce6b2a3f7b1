"""The fleet on the screen: the bridge to its services, and why an action is not possible."""
