"""Demo on invented posts of three invented people (`python -m api.demo`)."""
