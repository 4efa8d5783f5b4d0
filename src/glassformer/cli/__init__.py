"""The command line: arguments and messages, one command a file. What is heavy is imported inside the commands."""
