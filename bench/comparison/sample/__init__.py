"""What Google's guides put together: Flask, Firestore transactions, Pub/Sub push.

https://cloud.google.com/run/docs/tutorials/pubsub
https://cloud.google.com/firestore/docs/manage-data/transactions
"""
