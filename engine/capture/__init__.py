"""What `engine.compile` is made of: calls watched, described, compared and replayed."""
