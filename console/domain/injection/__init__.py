"""The injection lint: text that speaks to an agent instead of to its reader, however it is disguised."""
