"""The ledger's words: lines, their chain of hashes, canonical JSON, ids and signatures."""
