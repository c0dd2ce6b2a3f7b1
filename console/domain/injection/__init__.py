"""The injection lint: finds text that addresses an agent instead of its reader, however it is disguised."""
