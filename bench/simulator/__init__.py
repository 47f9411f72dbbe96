"""`./dev scale`: Dormouse on a model of Google's cloud, larger than a machine can measure."""
