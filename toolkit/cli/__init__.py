"""The command line: one file a command. Heavy libraries are loaded inside the command that needs them."""
