"""What each page looks like."""
