"""How long a service takes from exec to its first answer, and what it does meanwhile."""
