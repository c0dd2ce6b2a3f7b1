"""What a verb found, in the forms that others read; and the parts of a page that records share with it."""
