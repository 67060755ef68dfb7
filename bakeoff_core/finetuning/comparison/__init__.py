"""Three runs that tell what transfer was worth."""
