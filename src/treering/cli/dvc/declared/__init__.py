"""What each verb is called, takes and says of itself: values only, which a command line is made from."""
