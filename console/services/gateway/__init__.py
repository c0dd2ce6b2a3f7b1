"""The one HTTP client for gateways: addresses, TLS, the transport that holds the token, the budget."""
