"""What a peer sends to Redis, read from Redis's own telling."""

from bench.comparison.redis_counting import Sent

OWN = "127.0.0.1:5000"


def test_what_clients_send_counts() -> None:
    """Not what the measuring sends itself, nor what a script on the server does."""
    sent = Sent()
    for line in (
        b'+1700000000.100000 [0 127.0.0.1:4000] "LPUSH" "celery" "{}"\r\n',
        b'+1700000000.200000 [0 lua] "DEL" "lock"\r\n',
        b'+1700000000.300000 [0 127.0.0.1:5000] "MGET" "a"\r\n',
        b'+1700000000.400000 [0 127.0.0.1:4001] "GET" "a"\r\n',
    ):
        sent.note(line, own=OWN)
    assert (sent.commands, sent.size) == (2, len('"LPUSH" "celery" "{}"') + len('"GET" "a"'))
