"""The documents of `watch`: one for each change, and what a webhook gets."""
