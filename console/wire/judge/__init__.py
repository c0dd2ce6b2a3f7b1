"""Judges of answers: for each endpoint family a state machine for streams and a check of whole bodies.

A judge sees the values that its family's reader decoded. It keeps counts, lengths and digests, never the text, and
never raises, whatever a gateway sends.
"""
