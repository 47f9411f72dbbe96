"""A deployment's own triggers: which events start which jobs. `docs/triggers.md` is the guide."""
