"""What both faces say of workers."""
