"""Do the main job once on invented posts of three invented people (`python -m api.demo`)."""
