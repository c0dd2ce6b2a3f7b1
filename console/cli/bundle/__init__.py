"""`bundle`: what support needs to know of a failure, shown before it is written."""
