"""Messages waiting to be sent, written in the transaction that causes them."""
