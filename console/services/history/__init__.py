"""History: what every check, call and run showed, as facts in one file of this machine."""
