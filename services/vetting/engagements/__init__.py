"""Engagements (聘用协议): the contract between a school and a person from outside its staff."""
