"""The operator's config: every setting, how a file is read, and what is shipped."""
