"""The only SQL of the gateway: published views, read under the visitor's session."""
