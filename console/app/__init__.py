"""The screen: draws the state, sends commands. Nothing here holds state except the cursor and the focus."""
