"""Wiring of settings, adapters, use cases and the app; the only package that knows them all."""
