"""The whole system on the emulators under faults: what is lost, and how long recovery takes."""
