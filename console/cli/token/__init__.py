"""The verb `token`: one module an action, and what they share."""
