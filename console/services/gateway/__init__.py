"""The only HTTP client for gateways: base URLs, TLS, the transport that holds the token, the budget."""
