"""Parameters set from the command line: what is asked, and writing it into the files that hold them."""
