"""`watch`: the probe ladder again and again; only changes are told."""
