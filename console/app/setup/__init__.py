"""The set-up on the screen: the same conversation as on the command line, in a dialog."""
