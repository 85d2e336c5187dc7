"""What is checked before a route is called, and how refusals are answered."""
