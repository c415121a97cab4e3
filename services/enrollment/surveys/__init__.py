"""Surveys (意向调查): every family is asked before anything is planned; only counts leave the service."""
