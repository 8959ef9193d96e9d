"""The catalogue of ops, one module per kind."""
