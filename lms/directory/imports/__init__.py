"""Import of organisations, people and workload from files: read, map columns, plan every row, apply."""
