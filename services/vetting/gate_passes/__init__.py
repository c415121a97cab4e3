"""Gate passes (入校凭证): what an external person shows at the gate, valid only around confirmed assignments."""
