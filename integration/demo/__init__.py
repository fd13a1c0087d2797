"""The tour: `make demo` and `make serve`."""
