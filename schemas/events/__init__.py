"""What commands tell programs: every kind of event, by what it tells of."""
