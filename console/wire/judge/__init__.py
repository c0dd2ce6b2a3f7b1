"""Judges of answers: one state machine an endpoint family, fed event by event, and one check of whole bodies each.

A judge sees what the reader of the same family decoded. It keeps counts, lengths and digests, never the text, and it
never raises on anything a gateway may send.
"""
