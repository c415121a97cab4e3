"""Attendance (考勤与安全交接): which sessions are held, who is really there, who keeps each child now."""
