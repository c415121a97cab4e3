"""Gate (门卫登记): who came in, who left, who was refused. Strangers pass by a gate pass that vetting gave, or beside
somebody who answers for them; a pass counts only while vetting's word is fresh.
"""
