"""The events, declared once, by publisher. They are the only thing that services know of each other."""
