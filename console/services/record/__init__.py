"""What proves a record: signatures of decisions, and the chain of its lines."""
