"""A repository's workflows and the environment's token variables."""
