"""Git: every git that the product starts, and the repositories that it is asked about.

A repository is not trusted. It may name programs in its configuration: filters, monitors, hooks, pagers, transports.
So git is asked in the repository itself for paths, references, the index and trees alone. Whatever compares contents,
or needs an object to be there, is asked in a scratch repository of our own that borrows the objects.
"""
