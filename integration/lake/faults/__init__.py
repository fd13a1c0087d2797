"""The lane `faults`."""
