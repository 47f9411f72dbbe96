"""The local cloud: stand-ins for what Google puts around the two services.

Google's emulators give Firestore and Pub/Sub, but no identity, no signed push, no event routing and
no scheduler. This small server gives those, in Google's own forms, so that the services hold no
code for local runs.
"""
