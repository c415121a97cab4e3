"""The spine: what every service needs and none owns. It imports no service."""
