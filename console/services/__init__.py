"""IO, async, no screen: settings, tokens, probes. Services yield events and know neither face."""
