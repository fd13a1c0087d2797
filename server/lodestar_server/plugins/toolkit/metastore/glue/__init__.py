"""AWS Glue as a metastore."""
