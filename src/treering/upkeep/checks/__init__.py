"""What is looked at, one part of an installation a file; each function takes a Case and gives what it found."""
