"""The verification table's IO: the marks that people set, and a look at whether the sources changed since."""
