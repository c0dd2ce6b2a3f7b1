"""The writer's gate where no route is asked for the draft: a coding agent makes it."""
