"""Gated runs: what is read, checked and done around the gates of one candidate."""
