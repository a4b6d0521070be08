"""What texts are made of: haystacks, needles, wordings, invented words and an invented world."""
