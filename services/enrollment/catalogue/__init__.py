"""Catalogue (课后服务内容目录): what a school offers, once content and hours have passed the profile's gates."""
