"""From classified posts to a mood, its reasons, and what posts show over time and by topic."""
