"""Duty sheets (岗位职责): what a school expects of each category of people, and who has put their name to it."""
