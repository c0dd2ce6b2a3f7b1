"""Public pages: fetched past a guard on this machine's network, reduced to text, compared with claims."""
