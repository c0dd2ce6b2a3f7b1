"""`operator`: who may act in a store."""
