"""Programs that peers run in their own environments; the benchmark itself imports none of them."""
