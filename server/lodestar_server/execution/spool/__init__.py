"""Where results wait for their clients: bounded memory, then files of the node's spool directory."""
