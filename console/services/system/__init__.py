"""What touches this machine: processes, threads, private files, directories, the leak guard, hardening."""
