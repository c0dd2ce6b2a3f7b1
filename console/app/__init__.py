"""The screen: draws the state, sends commands. Nothing here holds state but the cursor and the focus."""
