"""What calls a gateway, for the verbs `smoke`, `check` and `demo`: loaded when calls are about to be made."""
