"""Rules of permissions, without I/O."""
