"""What both servers stand on, the page's and the translations': guards, clocks, strict JSON. Knows no model."""
