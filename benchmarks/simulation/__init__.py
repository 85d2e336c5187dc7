"""Discrete-event simulation of the service: how it holds under load, and what saturates first."""
