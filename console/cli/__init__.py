"""The headless face: one module a verb group; `output` owns stdout and stderr, `exit_code` the exit codes."""
