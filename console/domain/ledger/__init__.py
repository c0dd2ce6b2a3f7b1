"""The ledger's types: lines, their hash chain, canonical JSON, ids and signatures."""
