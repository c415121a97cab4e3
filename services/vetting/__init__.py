"""Vetting (人员与第三方审核): who may be near the children, and who is assigned to what."""
