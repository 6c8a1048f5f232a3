"""PuLP models of zoning, seats and clusters: one named function for each family of rows."""
