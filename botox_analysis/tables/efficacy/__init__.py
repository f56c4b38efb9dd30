"""Tables of subjects, outcomes and efficacy."""
