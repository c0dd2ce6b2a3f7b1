"""The documents of what makes a store a team's: the inbox, its operators."""
