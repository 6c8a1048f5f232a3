"""A router factory for each kind of visitor: the public's answers, its page, geographic programs, the operator."""
