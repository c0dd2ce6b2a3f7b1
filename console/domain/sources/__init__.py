"""Claims and the public pages that they cite."""
