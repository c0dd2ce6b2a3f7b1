"""Git: every git command that the product starts, and the repositories that it asks about.

A repository is not trusted. Its configuration may name programs: filters, monitors, hooks, pagers, transports. So in
the repository itself git is only asked for paths, references, the index and trees. Anything that compares contents,
or needs an object to exist, is asked in our own scratch repository, which borrows the objects.
"""
