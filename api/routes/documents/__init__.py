"""Define what responses hold, and make them from what the use cases return."""
