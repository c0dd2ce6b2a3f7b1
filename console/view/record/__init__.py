"""A run's record as text and documents, for both faces; pure."""
