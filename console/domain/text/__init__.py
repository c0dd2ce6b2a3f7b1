"""Text from outside: made safe to show, searched for secrets, compared as a reader sees it."""
