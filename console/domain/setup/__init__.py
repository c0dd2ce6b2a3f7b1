"""Setting up a profile: the presets, the question of each step, and who is proposed for which role. Pure."""
