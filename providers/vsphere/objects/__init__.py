"""From one object's properties to the neutral model: pure, and at ease with whatever a server says."""
