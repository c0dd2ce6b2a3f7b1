"""gateway-console: a terminal operator console for coding-agent model gateways."""

__version__ = "0.1.0"
