"""The store: where runs are kept, this machine's files or a PostgreSQL database that several machines share."""
