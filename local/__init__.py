"""The whole system on one machine, for development and tests. Nothing of it is ever deployed."""
