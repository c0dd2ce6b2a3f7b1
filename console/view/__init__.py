"""What both faces show, as pure code: the folded state, signs and words. No IO, no Textual."""
