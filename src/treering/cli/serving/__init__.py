"""What the commands that start model servers share."""
