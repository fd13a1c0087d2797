"""Tables between engines: who writes what, who reads it, and whether every value comes back as it was."""
