"""What is measured: a `Trial` becomes *outcomes* or *events*."""
