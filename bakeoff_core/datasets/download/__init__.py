"""The job that fetches a data set."""
