"""Training. Only this package may import TensorFlow, and it runs in a process of its own."""
