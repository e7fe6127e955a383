"""Language models as folders on this machine: the one in the box, and whatever else params name."""
