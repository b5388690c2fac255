"""What happens to bytes and guests."""
