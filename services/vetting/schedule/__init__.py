"""What is to be held, as the others said it: sessions, the grades that an item is for, the size of a group's roll."""
