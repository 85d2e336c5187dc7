"""What the tests of `serving` share: a tiny model, a started server, ASGI by hand."""
