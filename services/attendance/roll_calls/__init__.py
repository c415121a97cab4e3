"""Roll calls (点名): who was expected in a session, who is there, who is excused, and whom nobody can account for.

Marks are only added; the newest of a pupil holds. Expected is the roll at the version that was fixed at opening.
"""
