"""Public pages that claims and facts rest on: read without a credential, and never from inside this network."""
