"""Why a gateway refused a call: its body, the rules, and one category with guidance."""
