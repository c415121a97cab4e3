"""Venues (活动场所): where groups meet. An old safety check or an open critical hazard shuts one."""
