"""Where tokens are kept: OS keyrings, the kernel's keyring, the encrypted vault."""
