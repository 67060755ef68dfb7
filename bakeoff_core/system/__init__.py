"""This machine and its files: where state lies, atomic files, parquet, locks, cores, load, memory."""
