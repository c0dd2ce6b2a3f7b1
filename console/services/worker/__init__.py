"""Workers: processes that look at runs and profiles when the store's bell rings, on any machine of a team."""
