"""Services of other people that the lanes talk to: context managers around processes on free loopback ports."""
