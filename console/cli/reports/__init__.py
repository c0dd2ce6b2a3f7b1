"""What several verbs print: findings, classifications, checks, records, verification rows."""
