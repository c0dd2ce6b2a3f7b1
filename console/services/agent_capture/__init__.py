"""The capture of coding agents: each runs headless on loopback, and what it sends is kept without its content."""
