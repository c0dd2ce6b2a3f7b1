"""What makes a store a team's: who its operators are, who looks at what, what waits for whom, and who is told."""
