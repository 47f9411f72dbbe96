"""The services' own code under a scheduler that decides who goes on, in virtual time."""
