"""Scores runs on Finnish and Hungarian, tests the differences and writes the report."""
