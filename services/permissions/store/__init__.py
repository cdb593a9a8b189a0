"""The only SQL of the service: people and their sessions, grants and the periods that follow from them."""
