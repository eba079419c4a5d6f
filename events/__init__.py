"""What is said: the events of Landkarte, how they are encoded, and the log they are kept in."""
