"""The run machine: eight gates, the events of a run, the fold, and the rules that decide what may follow."""
