"""The domain's types and rules: pure, with no IO, no clock, no asyncio and no third-party import."""
