"""Text from outside: makes it safe to show, searches it for secrets, compares it as a reader sees it."""
