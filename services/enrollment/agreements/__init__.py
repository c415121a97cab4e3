"""Agreements (课后服务协议): school and guardian sign who does what, before a child takes part (G-AGREE)."""
