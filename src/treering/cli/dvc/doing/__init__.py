"""What a verb does when it is called: asks the rooms below, and prints what they answer."""
