"""Run the orchestration service: fetch posts, have them classified, weigh them, name a mood."""
