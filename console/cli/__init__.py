"""The command line. `output` owns stdout and stderr, `exit_code` the exit codes."""
