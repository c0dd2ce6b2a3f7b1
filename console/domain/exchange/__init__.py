"""Exchanges: what a call and its answer were like on the wire, without their content."""
