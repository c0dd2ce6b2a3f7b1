"""`worker`: steps what is due in a team's store, and shows who does."""
