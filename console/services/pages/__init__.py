"""Public pages: fetched behind a guard of this machine's network, reduced to text, compared with claims."""
