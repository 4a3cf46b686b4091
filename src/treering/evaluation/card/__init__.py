"""Model cards: what is known of a model, as one document that anyone can read, in Markdown and as a page."""
