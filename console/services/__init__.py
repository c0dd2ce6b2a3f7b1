"""Services: IO and async, without a screen. They yield events and know neither the CLI nor the app."""
