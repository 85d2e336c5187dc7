"""What the fault tests stand on: a client that logs, a checker of its log, a proxy with faults."""
