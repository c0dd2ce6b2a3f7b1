"""Why a gateway refused: the body read, rules applied, one category with its guidance."""
