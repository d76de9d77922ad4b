"""What each command of the command line does; `core.__main__` says how they are called."""
