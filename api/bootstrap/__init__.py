"""Wire settings, adapters, use cases and the app: the one place that knows them all."""
