"""One module by migration; the newest is `bridge.store.schema.HEAD`."""
