"""Checks of a candidate: the patch applied in a throwaway checkout, and the policy's commands."""
