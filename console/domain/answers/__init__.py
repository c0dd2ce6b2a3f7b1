"""What the roles of a run answer: the values, how they are read from JSON, and what of a draft can be quoted."""
