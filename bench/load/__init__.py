"""The whole system under load in several shapes. `./dev load`."""
