"""TPC-DS tables, made on demand by `tpcgen-cli`; nothing to set up."""
