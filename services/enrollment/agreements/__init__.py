"""Agreements (课后服务协议): who does what, before a child takes part (G-AGREE).

Guardian and school sign, or the guardian acknowledges where the profile asks for no signatures.
"""
