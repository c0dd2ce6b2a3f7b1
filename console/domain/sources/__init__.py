"""Claims with the public pages they cite."""
