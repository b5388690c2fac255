"""The workers' image, built without any container engine: the tools root is one layer, this tree's wheel the other."""
