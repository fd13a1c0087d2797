"""The beans of this node as tables: `jmx.current."java.lang:type=runtime"`, and their past in `jmx.history`."""
