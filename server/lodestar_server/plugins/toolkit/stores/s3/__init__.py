"""Amazon S3 and what speaks like it: settings, credentials, requests, and which account a location belongs to."""
