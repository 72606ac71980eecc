"""The command line: a file per verb, loaded only when it is said."""
