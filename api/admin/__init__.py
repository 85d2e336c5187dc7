"""Commands of the operator: `python -m api.admin`."""
