"""The words and the rules: pure, with no IO, no clock, no asyncio and no third-party import."""
