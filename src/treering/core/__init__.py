"""The words that the whole house uses; nothing here knows of machine learning."""
