"""What is done to a VM at its vCenter: power, points, fence. All of it can be done again after a crash."""
