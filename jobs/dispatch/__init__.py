"""How jobs come into being and reach the worker."""
