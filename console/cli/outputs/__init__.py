"""What a verb found, written to files in the forms of `view/report/`, and held against a baseline."""
