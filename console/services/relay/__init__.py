"""The relay: coding agents call it with keys of its own; it adds the gateway's token and judges every call."""
