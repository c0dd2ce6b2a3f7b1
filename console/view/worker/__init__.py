"""What both faces say of workers, and what the screen knows of them."""
