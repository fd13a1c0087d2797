"""TPC-H tables, made on demand by `tpchgen-cli`; nothing to set up."""
