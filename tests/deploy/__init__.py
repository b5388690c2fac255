"""What is deployed to clusters: the chart, the YAML made of it, and samples for Argo CD and Tekton."""
