"""The embedded gateway: a real HTTP server on loopback that speaks the three endpoint families and needs no account."""
