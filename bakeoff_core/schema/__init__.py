"""Records and column names that every part agrees on. Reads and writes nothing."""
