"""What was found of each route over time: facts of closed types, and what follows from many of them."""
