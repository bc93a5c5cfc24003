"""What an operator can have done, as data: the command line and HTTP give the same commands and get the same answers."""
