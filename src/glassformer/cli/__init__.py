"""The command line: arguments and messages, one command a file. Heavy modules are imported inside the commands."""
