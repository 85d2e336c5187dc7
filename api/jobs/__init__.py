"""Analyses as leased jobs that can be resumed, and the retention sweep."""
