"""How the workers of jobs are started and ended."""
