"""The screens: layout, keys and what they start."""
