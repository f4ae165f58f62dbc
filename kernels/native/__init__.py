"""Native code that is no kernel: what makes recording cheap."""
