"""Tables that swallow what is written and give as many zeros as they were told to."""
