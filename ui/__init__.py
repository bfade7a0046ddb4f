"""What the pages share: the drawing pad, result views and figures."""
