"""Calendar (校历): the days of a term, make-up Saturdays included; published again, it replaces those of before."""
