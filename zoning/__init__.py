"""Spatial model of a district: its records, rules, plans and their verification."""
