"""`store`: the database that operators and machines share, one module for what is asked of it."""
