"""What both faces show, pure: the folded state, signs and words. No IO, no Textual."""
