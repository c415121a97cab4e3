"""Complaints and suggestions (意见建议与投诉): families supervise the service, and get an answer in time (S12).

The school answers, or the district where the school does not, cannot, or the answer is objected to. Nobody learns who
complained, and whoever is complained about has no part in it and does not see it.
"""
