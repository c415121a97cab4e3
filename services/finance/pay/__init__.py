"""Pay (补助): what recorded service in closed sessions is worth, from which money, and for whom it waits or falls away.

What becomes of a line follows from the set of facts known (the service, its session, the person's standings, the rate),
never from the order in which they were heard: service at or after a block is not paid, earlier service waits while the
person is blocked or suspended and is released unchanged when the person is restored (S3, INV-FIN-13, -19).
"""
