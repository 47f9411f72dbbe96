"""What a month costs: a pure model of Dormouse and of what one would use in its place.

`model.py` counts operations, `prices.toml` says what each costs, `bill.py` multiplies.
"""
