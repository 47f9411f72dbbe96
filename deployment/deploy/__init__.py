"""`./dev deploy` and `./dev destroy`."""
