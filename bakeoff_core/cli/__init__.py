"""The command line, a file a command; `app` lists them. Beside them stands what several commands share."""
