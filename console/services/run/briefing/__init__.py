"""What a role is asked: the stored texts of its run, why it is asked again, and the call that is built from both."""
