"""The smaller tables of a profile, and what all tables of a config file have in common."""
