"""The run state machine: eight gates, the events, the fold, and the rules for what may follow."""
