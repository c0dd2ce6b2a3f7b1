"""Finding instructions: where each tool looks, what is there, what it imports, and what git knows of it."""
