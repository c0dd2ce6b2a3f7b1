"""The document of `history`, and what others say of it."""
