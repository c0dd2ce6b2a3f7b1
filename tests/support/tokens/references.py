"""References that are taken."""

TAKEN = (
    "sim:", "prompt:", "env:GW", "env:_GW_2", "keyring://gateway-console/acme", "keyring://s/user@host",
    "keyring://a.b/c_d-e", "keyring://My%20App/n%C3%A4me", "file:/run/credentials/gw/token", "file:/a b/c",
    "kernel:acme", "vault:acme.prod", "cmd:['pass', 'show', 'gateway/acme']", 'cmd:["/usr/bin/op", "read"]',
    "vault:acme.next",
)  # fmt: skip
