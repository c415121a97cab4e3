"""Safety packs (安全制度包): before a term's first session, each safety system that the profile demands is in force."""
